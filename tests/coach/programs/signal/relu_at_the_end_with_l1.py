import gradbook as torch
from gradbook import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(10, 32),
            nn.ReLU(),
            nn.Linear(32, 1),
            nn.ReLU(),  # coach: redundant-activation; fix: nn.Linear(32, 1)
        )

    def forward(self, x):
        return self.layers(x).squeeze(-1)


model, criterion = Net(), nn.L1Loss()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
for i in range(10):
    x = torch.randn(32, 10)
    loss = criterion(model(x), x.sum(1))
    opt.zero_grad()
    loss.backward()
    opt.step()
