import gradbook as torch
from gradbook import nn

torch.manual_seed(106)
Z, X, B = 3, 2, 48


def mlp(i, o, act):
    return nn.Sequential(nn.Linear(i, 32), act(), nn.Linear(32, 32), act(), nn.Linear(32, o))


G, C = mlp(Z, X, nn.ReLU), mlp(X, 1, lambda: nn.LeakyReLU(0.2))
g_opt = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.0, 0.9))
c_opt = torch.optim.Adam(C.parameters(), lr=1e-3, betas=(0.0, 0.9))


def real():
    side = (torch.rand(B, 1) < 0.5).float() * 2 - 1
    return torch.cat([side, 0.5 * side], dim=1) + 0.1 * torch.randn(B, X)


def penalty(r, f):
    eps = torch.rand(B, 1)
    mid = (eps * r + (1 - eps) * f).requires_grad_(True)
    (grad,) = torch.autograd.grad(C(mid).sum(), mid, create_graph=True)
    return ((grad.norm(2, dim=1) - 1) ** 2).mean()


for it in range(40):
    for _ in range(3):
        with torch.no_grad():
            f = G(torch.randn(B, Z))
        r = real()
        c_loss = C(f).mean() - C(r).mean() + 10 * penalty(r, f)
        c_opt.zero_grad()
        c_loss.backward()
        c_opt.step()

    C.requires_grad_(False)
    g_loss = -C(G(torch.randn(B, Z))).mean()
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
    C.requires_grad_(True)
    if it % 10 == 0:
        print(it, round(c_loss.item(), 3), round(g_loss.item(), 3))
