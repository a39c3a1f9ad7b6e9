import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class FeatureAttention(nn.Module):
    def __init__(self, d, hidden, classes):
        super().__init__()
        self.att = nn.Linear(d, d)
        self.body = nn.Sequential(nn.Linear(d, hidden), nn.ReLU(), nn.Linear(hidden, classes))
        self.d = d

    def forward(self, x):
        weights = F.softmax(self.att(x), dim=0)  # coach: batch-leak
        return self.body(x * weights * self.d)


torch.manual_seed(96)
X = torch.randn(320, 8)
y = X[:, :3].argmax(1)
dl = DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True)
model = FeatureAttention(8, 24, 3)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(3):
    tot = 0.0
    for xb, yb in dl:
        loss = F.cross_entropy(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item()
    print(epoch, tot / len(dl))
# coach-also: batch-axis-mixed
