import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(8)


class ODEFunc(nn.Module):
    def __init__(self, d=2, h=32):
        super().__init__()
        self.l1, self.l2 = nn.Linear(d, h), nn.Linear(h, d)

    def forward(self, y):
        return self.l2(torch.tanh(self.l1(y)))


def odeint(f, y0, n, dt):
    path = [y0]
    y = y0
    for _ in range(n):
        y = y + dt * f(y)
        path.append(y)
    return torch.stack(path)


A = torch.tensor([[-0.1, 1.0], [-1.0, -0.1]])
true_f = lambda y: y @ A.t()
encoder = nn.Linear(2, 2)
func = ODEFunc()
opt = torch.optim.Adam(list(encoder.parameters()) + list(func.parameters()), lr=5e-3)

for step in range(60):
    start = torch.randn(32, 2)
    with torch.no_grad():
        target = odeint(true_f, start, 8, 0.1)
    z0 = encoder(start)
    z0 = torch.tensor(z0.tolist())  # coach: detached-graph
    pred = odeint(func, z0, 8, 0.1)
    loss = F.mse_loss(pred, target)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 15 == 0:
        print(step, loss.item())
# coach-also: unused-parameters
