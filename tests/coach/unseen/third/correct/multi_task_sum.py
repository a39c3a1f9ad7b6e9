import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset

torch.manual_seed(110)


class HouseTasks(Dataset):
    """From eight standardised features: price (number), type (3 classes), has a garden (yes/no)."""

    def __init__(self, n):
        self.x = torch.randn(n, 8)
        self.price = (self.x[:, :1] + 0.5 * self.x[:, 1:2] * self.x[:, 5:6]) / 1.12
        self.kind = self.x[:, 2:5].argmax(dim=1)
        self.garden = (self.x[:, 6] + self.x[:, 7] > 0).float().unsqueeze(1)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.price[i], self.kind[i], self.garden[i]


class ThreeHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 32), nn.ReLU())
        self.heads = nn.ModuleList([nn.Linear(32, 1), nn.Linear(32, 3), nn.Linear(32, 1)])

    def forward(self, x):
        h = self.shared(x)
        return [head(h) for head in self.heads]


def compute_loss(outputs, targets):
    total = 0
    for out, target, loss_fn in zip(outputs, targets, LOSSES):
        total += loss_fn(out, target)
    return total


LOSSES = [F.mse_loss, F.cross_entropy, F.binary_cross_entropy_with_logits]
train_loader = DataLoader(HouseTasks(480), batch_size=32, shuffle=True)
val_loader = DataLoader(HouseTasks(160), batch_size=80)
model = ThreeHeads()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(6):
    model.train()
    running = torch.zeros(())
    for x, *targets in train_loader:
        loss = compute_loss(model(x), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running += loss.detach()
    model.eval()
    with torch.no_grad():
        val = sum(compute_loss(model(x), targets) for x, *targets in val_loader) / len(val_loader)
    print(f"epoch {epoch}: train {running.item() / len(train_loader):.3f}, val {val.item():.3f}")
