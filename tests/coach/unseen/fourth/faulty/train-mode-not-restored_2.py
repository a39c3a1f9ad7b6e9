import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(17)

# fine-tuning: a small "pretrained" trunk, a fresh head, early stopping on validation loss
trunk = nn.Sequential(nn.Linear(16, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.3))
head = nn.Linear(32, 5)
model = nn.Sequential(trunk, head)

centres = torch.randn(5, 16)


def sample(n):
    y = torch.randint(0, 5, (n,))
    return TensorDataset(centres[y] + 0.9 * torch.randn(n, 16), y)


train_loader = DataLoader(sample(320), batch_size=40, shuffle=True)
val_loader = DataLoader(sample(120), batch_size=60)

optimizer = torch.optim.AdamW([
    {"params": trunk.parameters(), "lr": 5e-4},
    {"params": head.parameters(), "lr": 3e-3},
])


@torch.no_grad()
def validation_loss():
    model.eval()  # coach-line: train-mode-not-restored
    losses = [F.cross_entropy(model(xb), yb) for xb, yb in val_loader]
    return torch.stack(losses).mean().item()


best, best_state, patience = float("inf"), None, 0
model.train()
for epoch in range(10):  # coach: train-mode-not-restored; fix: model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.step()
    val = validation_loss()
    print(f"{epoch:2d} val {val:.4f}")
    if val < best:
        best, best_state, patience = val, copy.deepcopy(model.state_dict()), 0
    else:
        patience += 1
        if patience == 3:
            break
model.load_state_dict(best_state)
