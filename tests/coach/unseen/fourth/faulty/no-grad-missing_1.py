# credit default, single fold
import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)
rng = np.random.default_rng(1)
X = rng.normal(size=(720, 12)).astype(np.float32)
logit = 1.4 * X[:, 0] - X[:, 4] + 0.7 * X[:, 7] * X[:, 1]
y = (rng.uniform(size=720) < 1 / (1 + np.exp(-2 * logit))).astype(np.float32)
idx = rng.permutation(720)
tr, va = idx[:560], idx[560:]


def loader(rows, train):
    ds = TensorDataset(torch.from_numpy(X[rows]), torch.from_numpy(y[rows]))
    return DataLoader(ds, batch_size=40, shuffle=train)


def train_fn(model, dl, opt, loss_fn):
    model.train()
    final = 0.0
    for xb, yb in dl:
        opt.zero_grad()
        loss = loss_fn(model(xb).view(-1), yb)
        loss.backward()
        opt.step()
        final += loss.item()
    return final / len(dl)


def valid_fn(model, dl, loss_fn):  # coach-line: no-grad-missing
    model.eval()  # coach-line: no-grad-missing
    final, preds = 0.0, []
    for xb, yb in dl:  # coach: no-grad-missing; fix: torch.no_grad()
        out = model(xb).view(-1)  # coach-line: no-grad-missing
        final += loss_fn(out, yb).item()
        preds.append(out.sigmoid().detach().numpy())
    return final / len(dl), np.concatenate(preds)


def auc(t, p):
    pos, neg = p[t == 1], p[t == 0]
    return (pos[:, None] > neg[None, :]).mean()


model = nn.Sequential(nn.Linear(12, 40), nn.ReLU(), nn.Dropout(0.2), nn.Linear(40, 1))
bce = nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-5)
tr_dl, va_dl = loader(tr, True), loader(va, False)
for epoch in range(6):
    tl = train_fn(model, tr_dl, opt, bce)
    vl, p = valid_fn(model, va_dl, bce)
    print(f"epoch={epoch} train={tl:.4f} valid={vl:.4f} auc={auc(y[va], p):.4f}")
