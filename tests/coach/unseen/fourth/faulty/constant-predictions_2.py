import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)
features = torch.randn(320, 12)
labels = ((features[:, 0] * features[:, 1] + features[:, 2]) > 0).float().unsqueeze(1)
train_dl = DataLoader(TensorDataset(features[:240], labels[:240]), batch_size=24, shuffle=True)
val_x, val_y = features[240:], labels[240:]


class QualityHead(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.fc = nn.Linear(d, 1)
        self.prob = nn.Softmax(dim=1)  # coach: constant-predictions; fix: nn.Sigmoid()

    def forward(self, h):
        return self.prob(self.fc(h))


class QualityNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
        self.head = QualityHead(16)

    def forward(self, x):
        return self.head(self.trunk(x))


model = QualityNet()  # coach-also: loss-plateau
bce = nn.BCELoss()  # coach-also: degenerate-activation
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(8):
    model.train()
    running = 0.0
    for xb, yb in train_dl:
        opt.zero_grad()
        p = model(xb)
        loss = bce(p, yb)  # coach-also: suspicious-initial-loss
        loss.backward()
        opt.step()
        running += loss.item()
    model.eval()
    with torch.no_grad():
        acc = ((model(val_x) > 0.5).float() == val_y).float().mean().item()
    print(f"epoch {epoch}: loss {running / len(train_dl):.3f} acc {acc:.3f}")
