# PINN for u'' + u = 0, u(0)=1, u'(0)=0 on [0, 3]; fixed collocation grid
import gradbook as torch
from gradbook import nn

torch.manual_seed(123)

net = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1))
t = torch.linspace(0, 3, 40).unsqueeze(1)
t.requires_grad_(True)
t0 = torch.zeros(1, 1, requires_grad=True)


def d(out, inp):
    return torch.autograd.grad(out, inp, grad_outputs=torch.ones_like(out), create_graph=True)[0]


opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for it in range(500):
    opt.zero_grad()
    u = net(t)
    ut = d(u, t)
    utt = d(ut, t)
    physics = ((utt + u) ** 2).mean()
    u0 = net(t0)
    ic = (u0 - 1).pow(2).mean() + d(u0, t0).pow(2).mean()
    loss = physics + 5 * ic
    loss.backward()
    opt.step()
    if it % 100 == 0:
        print(it, f"{loss.item():.5f} physics {physics.item():.5f} ic {ic.item():.5f}")

net.eval()
with torch.no_grad():
    err = (net(t) - torch.cos(t)).abs().max().item()
print("max error", err)
