import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(42)

N_TRAIN, N_VAL, D = 60, 300, 25
direction = torch.randn(D)
x = torch.randn(N_TRAIN + N_VAL, D)
score = x @ direction / direction.norm()
y = (score + 0.8 * torch.randn(N_TRAIN + N_VAL) > 0).float()

train_dl = DataLoader(TensorDataset(x[:N_TRAIN], y[:N_TRAIN]), batch_size=20, shuffle=True)
val_dl = DataLoader(TensorDataset(x[N_TRAIN:], y[N_TRAIN:]), batch_size=100)

classifier = nn.Sequential(  # coach-line: overfitting
    nn.Linear(D, 256),
    nn.ReLU(),
    nn.Linear(256, 256),
    nn.ReLU(),
    nn.Linear(256, 1),
)
criterion = nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(classifier.parameters(), lr=1e-3)  # coach-line: overfitting


def one_epoch():
    classifier.train()
    seen = right = total = 0.0
    for xb, yb in train_dl:
        opt.zero_grad()
        logit = classifier(xb).squeeze(1)
        loss = criterion(logit, yb)
        loss.backward()
        opt.step()
        total += loss.item() * len(yb)
        right += ((logit > 0) == (yb > 0.5)).sum().item()
        seen += len(yb)
    return total / seen, right / seen


@torch.no_grad()
def validate():
    classifier.eval()
    seen = right = total = 0.0
    for xb, yb in val_dl:
        logit = classifier(xb).squeeze(1)
        total += criterion(logit, yb).item() * len(yb)
        right += ((logit > 0) == (yb > 0.5)).sum().item()
        seen += len(yb)
    return total / seen, right / seen


for epoch in range(60):  # coach: overfitting
    tr_loss, tr_acc = one_epoch()
    va_loss, va_acc = validate()
    if epoch % 10 == 9:
        print(f"{epoch + 1:3d}  train {tr_loss:.3f}/{tr_acc:.2f}  val {va_loss:.3f}/{va_acc:.2f}")
