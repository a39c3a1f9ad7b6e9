import gradbook as torch
import gradbook.nn as nn


class Regressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 20)
        self.b = nn.Linear(20, 1)

    def forward(self, x):
        x = torch.tanh(self.a(x))
        return torch.tanh(self.b(x))  # coach: redundant-activation; fix: return self.b(x)


X = torch.randn(64, 3)
y = (X[:, :1] * 4 + 2).detach()
model = Regressor()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
losses = []
for epoch in range(10):
    opt.zero_grad()
    loss = nn.MSELoss()(model(X), y)
    loss.backward()
    opt.step()
    losses.append(loss.item())
