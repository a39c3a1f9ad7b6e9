"""Two layers in forward without an activation between them."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 32)
        self.fc2 = nn.Linear(32, 32)
        self.fc3 = nn.Linear(32, 2)

    def forward(self, x):
        x = self.fc1(x)  # coach: missing-nonlinearity; fix: x = self.fc2(torch.relu(x))
        x = self.fc2(x)
        x = F.relu(x)
        return self.fc3(x)


mlp = MLP()
opt = torch.optim.Adam(mlp.parameters(), lr=1e-3)
for _ in range(5):
    x, y = torch.randn(16, 10), torch.randint(0, 2, (16,))
    loss = F.cross_entropy(mlp(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
