import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(2024)
n_classes = 5
W = torch.randn(16, n_classes)
X = torch.randn(400, 16)
Y = (X @ W + 0.3 * torch.randn(400, n_classes)).argmax(1)
train_ds, val_ds = random_split(TensorDataset(X, Y), [320, 80])
train_dl = DataLoader(train_ds, batch_size=32, shuffle=True)
val_dl = DataLoader(val_ds, batch_size=80)

model = nn.Sequential(nn.Linear(16, 48), nn.LayerNorm(48), nn.GELU(), nn.Dropout(0.1), nn.Linear(48, n_classes))
train_crit = nn.CrossEntropyLoss(label_smoothing=0.1)
val_crit = nn.CrossEntropyLoss()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)


def train_epoch():
    model.train()
    s = 0.0
    for xb, yb in train_dl:
        opt.zero_grad()
        l = train_crit(model(xb), yb)
        l.backward()
        opt.step()
        s += l.item() * len(xb)
    return s / len(train_ds)


@torch.no_grad()
def validate():
    model.eval()
    s = 0.0
    for xb, yb in val_dl:
        s += val_crit(model(xb), yb).item() * len(xb)
    return s / len(val_ds)


for ep in range(6):
    print(ep, "%.4f" % train_epoch(), "%.4f" % validate())
