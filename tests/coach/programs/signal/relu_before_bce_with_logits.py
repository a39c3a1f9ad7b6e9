import gradbook as torch
from gradbook import nn


class Detector(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(9, width), nn.LeakyReLU(0.1))
        self.head = nn.Linear(width, 1)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.head(self.features(x)))  # coach: redundant-activation; fix: return self.head(self.features(x))


model, loss_fn = Detector(), nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(6):
    x = torch.randn(20, 9)
    target = (x[:, :1] > 0).float()
    optimizer.zero_grad()
    loss_fn(model(x), target).backward()
    optimizer.step()
