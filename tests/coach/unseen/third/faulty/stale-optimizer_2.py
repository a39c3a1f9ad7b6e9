# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)


def make_task(num_classes, n=384, dim=24):
    protos = torch.randn(num_classes, dim)
    y = torch.arange(n) % num_classes
    x = protos[y] + 0.9 * torch.randn(n, dim)
    x = (x - x.mean(0)) / x.std(0)
    return DataLoader(TensorDataset(x, y), batch_size=48, shuffle=True)


# %%
class Encoder(nn.Module):
    def __init__(self, dim, width):
        super().__init__()
        self.fc1 = nn.Linear(dim, width)
        self.fc2 = nn.Linear(width, width)

    def forward(self, x):
        return F.gelu(self.fc2(F.gelu(self.fc1(x))))


class Classifier(nn.Module):
    def __init__(self, encoder, width, num_classes):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(width, num_classes)

    def forward(self, x):
        return self.head(self.encoder(x))


def run_epoch(model, loader, optimizer):
    model.train()
    correct = total = 0
    for xb, yb in loader:
        optimizer.zero_grad()
        logits = model(xb)
        F.cross_entropy(logits, yb).backward()
        optimizer.step()
        correct += (logits.argmax(1) == yb).sum().item()
        total += len(yb)
    return correct / total


# %% pretraining
model = Classifier(Encoder(24, 64), 64, num_classes=8)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)  # coach-line: stale-optimizer
source = make_task(8)
for epoch in range(4):
    print("pretrain", epoch, f"{run_epoch(model, source, optimizer):.3f}")

# %% transfer
target = make_task(3)
model.head = nn.Linear(64, 3)  # coach: stale-optimizer; fix: .parameters()
for epoch in range(6):
    print("transfer", epoch, f"{run_epoch(model, target, optimizer):.3f}")
