import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Regressor(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.lin1 = nn.Linear(n, 32, bias=True)  # coach: bias-before-batchnorm; fix: bias=False
        self.bn1 = nn.BatchNorm1d(32)
        self.lin2 = nn.Linear(32, 1)

    def forward(self, x):
        return self.lin2(F.relu(self.bn1(self.lin1(x))))


model = Regressor(7)
optim = torch.optim.AdamW(model.parameters(), lr=1e-3)
X, y = torch.randn(32, 7), torch.randn(32, 1)
for i in range(4):
    optim.zero_grad()
    F.smooth_l1_loss(model(X), y).backward()
    optim.step()
