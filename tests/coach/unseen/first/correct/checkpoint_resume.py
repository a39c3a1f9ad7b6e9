"""Train, save model + optimizer + scheduler, build everything again, resume."""
import os
import tempfile

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def build():
    model = nn.Sequential(nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, 2))
    opt = torch.optim.Adam(model.parameters(), lr=1e-2)
    sched = torch.optim.lr_scheduler.ExponentialLR(opt, gamma=0.9)
    return model, opt, sched


def train(model, opt, sched, loader, first, last):
    crit = nn.CrossEntropyLoss()
    for epoch in range(first, last):
        model.train()
        total = 0.0
        for x, y in loader:
            opt.zero_grad()
            loss = crit(model(x), y)
            loss.backward()
            opt.step()
            total += loss.item()
        sched.step()
        print("epoch", epoch, "loss", total / len(loader), "lr", sched.get_last_lr()[0])


torch.manual_seed(0)
x = torch.randn(160, 6)
y = (x[:, 0] > x[:, 1]).long()
loader = DataLoader(TensorDataset(x, y), batch_size=20, shuffle=True)
path = os.path.join(tempfile.mkdtemp(), "ckpt.pt")

model, opt, sched = build()
train(model, opt, sched, loader, 0, 3)
torch.save({"epoch": 3, "model": model.state_dict(), "opt": opt.state_dict(), "sched": sched.state_dict()}, path)

model, opt, sched = build()
ckpt = torch.load(path)
model.load_state_dict(ckpt["model"])
opt.load_state_dict(ckpt["opt"])
sched.load_state_dict(ckpt["sched"])
train(model, opt, sched, loader, ckpt["epoch"], 6)
os.remove(path)
