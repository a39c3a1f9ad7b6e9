import copy
import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Tabular(nn.Module):
    def __init__(self, card, n_num):
        super().__init__()
        self.emb = nn.Embedding(card, 4)
        self.net = nn.Sequential(nn.Linear(4 + n_num, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 1))

    def forward(self, cat, num):
        return self.net(torch.cat([self.emb(cat), num], dim=1)).squeeze(1)


def run_epoch(model, dl, loss_fn, opt=None, sched=None):
    model.train(opt is not None)
    total = n = 0
    with torch.set_grad_enabled(opt is not None):
        for cat, num, y in dl:
            loss = loss_fn(model(cat, num), y)
            if opt is not None:
                opt.zero_grad()
                loss.backward()
                opt.step()
                sched.step()
            total += loss.item() * len(y)
            n += len(y)
    return total / n


torch.manual_seed(80)
rng = np.random.default_rng(80)
cat = rng.integers(0, 9, 540)
num = rng.normal(size=(540, 4)).astype(np.float32)
y = rng.normal(0, 1, 9)[cat] + num[:, 0] - 0.7 * num[:, 1] + rng.normal(0, 0.3, 540)
folds = np.array_split(rng.permutation(540), 3)
scores = []
for k, val_idx in enumerate(folds):
    tr_idx = np.concatenate([f for j, f in enumerate(folds) if j != k])
    mean, std = y[tr_idx].mean(), y[tr_idx].std()
    target = ((y - mean) / std).astype(np.float32)
    pack = lambda idx: TensorDataset(torch.tensor(cat[idx]), torch.tensor(num[idx]), torch.tensor(target[idx]))
    tr_dl, va_dl = DataLoader(pack(tr_idx), batch_size=36, shuffle=True), DataLoader(pack(val_idx), batch_size=90)
    model, epochs = Tabular(9, 4), 10
    opt = torch.optim.AdamW(model.parameters(), lr=2e-3)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=1e-2, total_steps=epochs * len(tr_dl))
    best, best_state, patience = float("inf"), None, 0
    for epoch in range(epochs):
        run_epoch(model, tr_dl, nn.MSELoss(), opt, sched)
        val = run_epoch(model, va_dl, nn.MSELoss())
        if val < best:
            best, best_state, patience = val, copy.deepcopy(model.state_dict()), 0
        else:
            patience += 1
            if patience == 3:
                break
    model.load_state_dict(best_state)
    scores.append(run_epoch(model, va_dl, nn.MSELoss()))
    print(f"fold {k} best {best:.4f} after {epoch + 1} epochs")
print("cv", np.mean(scores))
