import gradbook as torch
import gradbook.nn as nn


class PoissonRate(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(2, 1)

    def forward(self, x):
        return nn.functional.relu(self.lin(x))


torch.manual_seed(0)
m = PoissonRate()
opt = torch.optim.SGD(m.parameters(), lr=0.01)
x = torch.randn(64, 2)
k = torch.randint(0, 5, (64, 1)).float()
for step in range(10):
    lam = m(x)
    nll = (lam - k * lam.log()).mean()  # coach: nan-origin; fix: clamp(min=1e-8)
    opt.zero_grad()
    nll.backward()
    opt.step()
