import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

torch.manual_seed(26)


def recordings(n):
    rare = (torch.rand(n) < 0.08).float()
    frames = torch.randn(n, 6, 20)
    frames[:, 2:4, 8:14] += 1.5 * rare.view(-1, 1, 1)
    return frames, rare


train_x, train_y = recordings(500)
val_x, val_y = recordings(250)
mu, sd = train_x.mean((0, 2), keepdim=True), train_x.std((0, 2), keepdim=True)
train_x, val_x = (train_x - mu) / sd, (val_x - mu) / sd

freq = torch.stack([1 - train_y.mean(), train_y.mean()])
weights = (1 / freq)[train_y.long()]
loader = DataLoader(TensorDataset(train_x, train_y), batch_size=25, sampler=WeightedRandomSampler(weights, len(train_y), replacement=True))


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv1d(6, 12, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(12, 12, 3, padding=1), nn.ReLU())
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(12, 1)

    def forward(self, x):
        return self.head(self.drop(self.net(x).amax(-1))).squeeze(1)


model = Detector()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
for epoch in range(6):
    model.train()
    total = 0.0
    for xb, yb in loader:
        loss = F.binary_cross_entropy_with_logits(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    model.eval()
    with torch.no_grad():
        hit = model(val_x) > 0
        recall = (hit & (val_y > 0.5)).sum().item() / val_y.sum().item()
        precision = (hit & (val_y > 0.5)).sum().item() / max(hit.sum().item(), 1)
    print(f"epoch {epoch} loss {total / len(loader):.3f} recall {recall:.2f} precision {precision:.2f}")
