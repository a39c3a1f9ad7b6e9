from collections import deque

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(41)


class Tap:
    """The last few outputs of a layer, for statistics; a context manager."""

    def __init__(self, module, keep=4):
        self.recent = deque(maxlen=keep)
        self.module = module

    def __enter__(self):
        self.handle = self.module.register_forward_hook(lambda m, i, o: self.recent.append(o.detach()))
        return self

    def __exit__(self, *exc):
        self.handle.remove()

    def std(self):
        return torch.cat(list(self.recent)).std().item()


class BestKeeper:
    def __init__(self, patience=3):
        self.patience, self.best, self.bad, self.state = patience, float("inf"), 0, None

    def update(self, value, model):
        if value < self.best:
            self.best, self.bad = value, 0
            self.state = {k: v.clone() for k, v in model.state_dict().items()}
        else:
            self.bad += 1
        return self.bad >= self.patience


w = torch.randn(20, 5)
x_tr, x_va = torch.randn(960, 20), torch.randn(240, 20)
train = DataLoader(TensorDataset(x_tr, (x_tr @ w).argmax(1)), batch_size=48, shuffle=True)
val = DataLoader(TensorDataset(x_va, (x_va @ w).argmax(1)), batch_size=48)
model = nn.Sequential(nn.Linear(20, 96), nn.ReLU(), nn.Linear(96, 5))
opt = torch.optim.AdamW(model.parameters(), lr=2e-3)
keeper = BestKeeper()
for epoch in range(6):
    model.train()
    with Tap(model[1]) as tap:
        for x, y in train:
            loss = F.cross_entropy(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        spread = tap.std()
    model.eval()
    with torch.no_grad():
        val_loss = sum(F.cross_entropy(model(x), y).item() for x, y in val) / len(val)
    print(epoch, round(loss.item(), 3), round(val_loss, 3), round(spread, 3))
    if keeper.update(val_loss, model):
        break
model.load_state_dict(keeper.state)
