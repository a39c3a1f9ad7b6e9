import gradbook as torch
import gradbook.nn as nn


class Ridge(nn.Module):
    def __init__(self, n, strength=200.0):  # coach: regularisation-dominates; fix: strength=0.
        super().__init__()
        self.lin = nn.Linear(n, 1)
        self.strength = strength

    def penalty(self):
        return self.strength * (self.lin.weight**2).sum()

    def forward(self, x):
        return self.lin(x)


torch.manual_seed(0)
ridge = Ridge(12)
opt = torch.optim.Adam(ridge.parameters(), lr=1e-3)
x = torch.randn(90, 12)
y = x[:, :3].sum(1, keepdim=True)
for step in range(12):
    loss = nn.functional.mse_loss(ridge(x), y) + ridge.penalty()
    opt.zero_grad()
    loss.backward()
    opt.step()
