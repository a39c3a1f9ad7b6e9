import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(13)
X = torch.randn(400, 12)
t = (X @ torch.randn(12, 1)).sin() + 0.1 * torch.randn(400, 1)


class Ridge(nn.Module):
    def __init__(self, strength):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(12, 32), nn.Tanh(), nn.Linear(32, 1))
        self.strength = strength

    def forward(self, x):
        return self.layers(x)

    def shrinkage(self):
        return sum((w**2).sum() for w in self.parameters())


ridge = Ridge(strength=0.2)  # coach: regularisation-dominates; fix: strength=0.0
optimizer = torch.optim.Adam(ridge.parameters(), lr=0.02)  # coach-also: constant-predictions, loss-plateau
for epoch in range(25):
    for rows in torch.randperm(400).split(50):
        error = nn.functional.mse_loss(ridge(X[rows]), t[rows])
        loss = error + ridge.strength * ridge.shrinkage()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
