"""Final project: leaf classification from measurements, with dropout and early diagnostics."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(451)


def leaves(n, centres):
    kind = torch.randint(0, 4, (n,))
    return TensorDataset(centres[kind] + torch.randn(n, 6), kind)


class LeafNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(6, 32)
        self.b = nn.Linear(32, 32)
        self.c = nn.Linear(32, 4)
        self.dropout = nn.Dropout(0.3)

    def forward(self, x):
        x = self.dropout(F.relu(self.a(x)))
        x = self.dropout(F.relu(self.b(x)))
        return self.c(x)


@torch.no_grad()
def accuracy(model, loader):
    model.eval()  # coach-line: train-mode-not-restored
    right = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    return right / len(loader.dataset)


def train_epoch(model, loader, optimizer):  # coach-line: train-mode-not-restored
    total = 0.0
    for x, y in loader:  # coach: train-mode-not-restored; fix: model.train()
        loss = F.cross_entropy(model(x), y)  # coach-line: train-mode-not-restored
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(loader)


centres = 1.2 * torch.randn(4, 6)
train_loader = DataLoader(leaves(320, centres), batch_size=32, shuffle=True)
val_loader = DataLoader(leaves(160, centres), batch_size=80)
model = LeafNet()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(6):
    mean_loss = train_epoch(model, train_loader, optimizer)
    print(f"epoch {epoch}  loss {mean_loss:.3f}  val accuracy {accuracy(model, val_loader):.3f}")
