import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class SensorCNN(nn.Module):
    def __init__(self, channels=3, width=12, n_states=2):
        super().__init__()
        self.conv = nn.Conv1d(channels, width, kernel_size=5, padding=2)  # coach: bias-before-batchnorm; fix: bias=False
        self.norm = nn.BatchNorm1d(width)
        self.act = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool1d(1)
        self.fc = nn.Linear(width, n_states)

    def forward(self, x):
        h = self.act(self.norm(self.conv(x)))
        return self.fc(self.pool(h).flatten(1))


def windows(n=320, length=32):
    t = torch.arange(length).float()
    state = torch.randint(0, 2, (n,))
    freq = 0.3 + 0.6 * state.float()
    phase = 6.28 * torch.rand(n, 3, 1)
    x = torch.sin(freq[:, None, None] * t + phase) + 0.3 * torch.randn(n, 3, length)
    return (x - x.mean()) / x.std(), state


torch.manual_seed(13)
X, y = windows()
train = DataLoader(TensorDataset(X[:256], y[:256]), batch_size=32, shuffle=True)
model = SensorCNN()
opt = torch.optim.AdamW(model.parameters(), lr=5e-3)
crit = nn.CrossEntropyLoss()
for epoch in range(6):
    model.train()
    losses = []
    for xb, yb in train:
        opt.zero_grad()
        loss = crit(model(xb), yb)
        loss.backward()
        opt.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        acc = (model(X[256:]).argmax(1) == y[256:]).float().mean().item()
    print(f"{epoch} loss {sum(losses) / len(losses):.4f} val_acc {acc:.3f}")
