from contextlib import contextmanager

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, random_split


@contextmanager
def evaluating(model):
    was = model.training
    model.eval()
    with torch.no_grad():
        yield model
    model.train(was)


def param_groups(model, weight_decay):
    decay = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    return [{"params": decay, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}]


torch.manual_seed(6)
x = torch.randn(1200, 20)
y = (torch.tanh(x @ torch.randn(20, 8)) @ torch.randn(8, 4)).argmax(1)
train, val = random_split(TensorDataset(x, y), [960, 240])
train_loader, val_loader = DataLoader(train, batch_size=48, shuffle=True), DataLoader(val, batch_size=48)

model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
optimizer = torch.optim.AdamW(param_groups(model, 1e-4), lr=0.2)  # coach: learning-rate-too-high; fix: lr=

for epoch in range(6):  # coach-also: update-ratio-high
    running = []  # coach-also: loss-plateau
    for xb, yb in train_loader:  # coach-also: dead-relu
        loss = F.cross_entropy(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()  # coach-also: exploding-gradients
        optimizer.step()
        running.append(loss.item())
    with evaluating(model) as m:
        acc = sum((m(xb).argmax(1) == yb).sum().item() for xb, yb in val_loader) / 240
    print(epoch, [round(v, 2) for v in running[::6]], round(acc, 3))
