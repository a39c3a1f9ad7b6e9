import gradbook as torch
from gradbook import nn

torch.manual_seed(139)
Z = 4


def real_batch(n):
    a = torch.rand(n) * 6.2832
    return torch.stack([a.cos(), a.sin()], 1) * 1.41 + 0.05 * torch.randn(n, 2)


G = nn.Sequential(nn.Linear(Z, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2), nn.Linear(48, 2))
D = nn.Sequential(nn.Linear(2, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2), nn.Linear(48, 1))
g_opt = torch.optim.Adam(G.parameters(), lr=5e-4, betas=(0.5, 0.9))
d_opt = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.9))


def penalty(real, fake):
    eps = torch.rand(len(real), 1)
    mid = (eps * real + (1 - eps) * fake).requires_grad_(True)
    (grad,) = torch.autograd.grad(D(mid).sum(), mid, create_graph=True)
    return ((grad.norm(2, dim=1) - 1) ** 2).mean()


for it in range(120):
    for _ in range(5):
        x = real_batch(64)
        with torch.no_grad():
            fake = G(torch.randn(64, Z))
        d_loss = D(fake).mean() - D(x).mean() + 5 * penalty(x, fake)
        d_opt.zero_grad()
        d_loss.backward()
        d_opt.step()
    for p in D.parameters():
        p.requires_grad_(False)
    g_loss = -D(G(torch.randn(64, Z))).mean()
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
    for p in D.parameters():
        p.requires_grad_(True)
    if it % 30 == 29:
        with torch.no_grad():
            r = G(torch.randn(256, Z)).norm(dim=1)
        print(it + 1, "d %.3f g %.3f radius %.2f±%.2f" % (d_loss.item(), g_loss.item(), r.mean().item(), r.std().item()))
