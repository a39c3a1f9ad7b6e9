import gradbook as torch
from gradbook import nn


class TwoLayer(nn.Module):
    def __init__(self, i, h, o):
        super().__init__()
        self.w1 = nn.Parameter(torch.ones(i, h))  # coach: bad-init; fix: nn.Parameter(torch.randn(i, h) * 0.5)
        self.w2 = nn.Parameter(torch.ones(h, o))

    def forward(self, x):
        return torch.tanh(x @ self.w1) @ self.w2


def fit(model, x, y, steps):
    opt = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(steps):
        loss = nn.functional.mse_loss(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()


fit(TwoLayer(4, 8, 2), torch.randn(25, 4), torch.randn(25, 2), 5)
