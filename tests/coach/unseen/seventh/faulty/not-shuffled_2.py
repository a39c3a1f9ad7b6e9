import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import ConcatDataset, DataLoader, TensorDataset

torch.manual_seed(51)
CLASSES, PER_CLASS, DIM = 4, 160, 12
centers = torch.randn(CLASSES, DIM)


def class_folder(label, n):
    """One dataset a class, as if read from its own folder."""
    return TensorDataset(centers[label] + torch.randn(n, DIM), torch.full((n,), label, dtype=torch.long))


train_set = ConcatDataset([class_folder(c, PER_CLASS) for c in range(CLASSES)])
val_set = ConcatDataset([class_folder(c, 40) for c in range(CLASSES)])
train_loader = DataLoader(train_set, batch_size=32)  # coach: not-shuffled; fix: shuffle=True
val_loader = DataLoader(val_set, batch_size=32)

model = nn.Sequential(nn.Linear(DIM, 48), nn.ReLU(), nn.Linear(48, CLASSES))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


@torch.no_grad()
def evaluate():
    model.eval()
    out = [(model(x), y) for x, y in val_loader]
    model.train()
    logits, target = torch.cat([o for o, _ in out]), torch.cat([t for _, t in out])
    return F.cross_entropy(logits, target).item(), (logits.argmax(1) == target).float().mean().item()


for epoch in range(6):
    losses = []
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    val_loss, val_acc = evaluate()
    print(f"{epoch} train {sum(losses) / len(losses):.3f} val {val_loss:.3f} acc {val_acc:.3f}")
