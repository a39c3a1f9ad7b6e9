import gradbook as torch
import gradbook.nn as nn


class Distance(nn.Module):
    def __init__(self, n=6, k=12):
        super().__init__()
        self.proj = nn.Linear(n, k)
        self.out = nn.Linear(k, 2)

    def forward(self, x):
        d = -self.proj(x).pow(2)
        return self.out(torch.relu(d))  # coach: dead-relu; fix: leaky_relu(


model = Distance()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(6):
    x = torch.randn(30, 6)
    loss = nn.functional.cross_entropy(model(x), (x[:, 0] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
