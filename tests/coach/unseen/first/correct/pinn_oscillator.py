import gradbook as torch
from gradbook import nn

# u'' + u = 0, u(0) = 1, u'(0) = 0 on [0, 3]
torch.manual_seed(0)


class PINN(nn.Module):
    def __init__(self, w=20):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, w), nn.Tanh(), nn.Linear(w, w), nn.Tanh(), nn.Linear(w, 1))

    def forward(self, t):
        return self.net(t)


def d(u, t):
    return torch.autograd.grad(u, t, torch.ones_like(u), create_graph=True)[0]


u = PINN()
opt = torch.optim.Adam(u.parameters(), lr=5e-3)
for it in range(60):
    t = (torch.rand(40, 1) * 3).requires_grad_()
    t0 = torch.zeros(1, 1, requires_grad=True)
    ut = u(t)
    residual = d(d(ut, t), t) + ut
    u0 = u(t0)
    loss_pde = residual.pow(2).mean()
    loss_ic = (u0 - 1).pow(2).mean() + d(u0, t0).pow(2).mean()
    loss = loss_pde + 5 * loss_ic
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 15 == 0:
        print(it, f"pde {loss_pde.item():.4f} ic {loss_ic.item():.4f}")
