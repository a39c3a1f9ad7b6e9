import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(52)


class EulerNet(nn.Module):
    """neural ODE with a fixed-step Euler solver"""

    def __init__(self, d=16, steps=24):
        super().__init__()
        self.steps = steps
        self.lift = nn.Linear(4, d)
        self.f1 = nn.Linear(d, d)
        self.f2 = nn.Linear(d, d)
        self.read = nn.Linear(d, 1)

    def forward(self, x):
        h = self.lift(x)
        for _ in range(self.steps):
            h = h + self.f2(F.relu(self.f1(h)))  # coach: exploding-gradients
        return self.read(h).squeeze(-1)


w = torch.randn(4)
model = EulerNet()
for lin in (model.f1, model.f2):
    nn.init.kaiming_normal_(lin.weight)
    nn.init.zeros_(lin.bias)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for it in range(40):
    x = torch.randn(64, 4)
    y = torch.sin(x @ w)
    loss = F.mse_loss(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-line: exploding-gradients
    if it % 5 == 0:
        print(it, loss.item())
# coach-also: suspicious-initial-loss
