import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(16, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 32))
        self.projector = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 16))

    def forward(self, x):
        h = self.encoder(x)
        return F.normalize(self.projector(h), dim=1), h


model = SimCLR()
opt = torch.optim.Adam(model.parameters(), lr=3e-4)
for step in range(6):
    x = torch.randn(16, 16)
    za, _ = model(x + 0.1 * torch.randn(16, 16))
    zb, _ = model(x + 0.1 * torch.randn(16, 16))
    z = torch.cat([za, zb])
    scores = (z @ z.T / 0.2).masked_fill(torch.eye(32, dtype=torch.bool), -1e9)
    target = torch.cat([torch.arange(16, 32), torch.arange(16)])
    loss = F.cross_entropy(scores, target)
    opt.zero_grad()
    loss.backward()
    opt.step()
