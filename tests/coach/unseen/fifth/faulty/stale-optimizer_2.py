import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)

# stage 1: self-supervised reconstruction; stage 2: classification with a fresh head
mix = torch.randn(6, 16) * 0.4
codes = torch.randn(384, 6)
inputs = codes @ mix + 0.05 * torch.randn(384, 16)
labels = (codes[:, 0] > 0).long() + (codes[:, 1] > 0).long()
loader = DataLoader(TensorDataset(inputs, labels), batch_size=48, shuffle=True)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 12))
        self.head = nn.Linear(12, 16)

    def forward(self, x):
        return self.head(F.relu(self.body(x)))


m = Model()
opt = torch.optim.Adam(m.parameters(), lr=3e-3)
for _ in range(3):
    for xb, _y in loader:
        opt.zero_grad()
        rec = F.mse_loss(m(xb), xb)
        rec.backward()
        opt.step()
print("pretrained, reconstruction", rec.item())

m.head = nn.Linear(12, 3)  # coach: stale-optimizer; fix: .parameters()
for ep in range(6):
    for xb, yb in loader:
        opt.zero_grad()  # coach-line: stale-optimizer
        ce = F.cross_entropy(m(xb), yb)
        ce.backward()
        opt.step()
    print(ep, ce.item())
