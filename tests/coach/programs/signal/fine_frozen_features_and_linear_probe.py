import gradbook as torch
from gradbook import nn

backbone = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 16))
for p in backbone.parameters():
    p.requires_grad = False


class Probe(nn.Module):
    def __init__(self):
        super().__init__()
        self.features, self.head = backbone, nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.features(x))


probe = Probe()
opt = torch.optim.SGD(probe.head.parameters(), lr=0.1)
for step in range(8):
    x = torch.randn(32, 12)
    loss = nn.functional.cross_entropy(probe(x), (x[:, 0] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
