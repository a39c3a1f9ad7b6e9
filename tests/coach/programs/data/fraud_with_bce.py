import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class Fraud(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 1))

    def forward(self, x):
        return self.net(x)


def fit(steps=8):
    model = Fraud()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    x = torch.randn(200, 6)
    y = torch.zeros(200, 1)
    y[::25] = 1.0
    for _ in range(steps):
        opt.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(x), y)  # coach: class-imbalance; fix: pos_weight=torch.tensor(24.0)
        loss.backward()
        opt.step()


fit()
