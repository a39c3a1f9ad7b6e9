"""Save model, optimizer, scheduler and epoch; build everything anew; load; go on. A short demonstration."""
import io

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(80, 6)
y = x[:, :2].sum(1, keepdim=True)


def build():
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.7)
    return model, optimizer, scheduler


def train(model, optimizer, scheduler, start, stop):
    for epoch in range(start, stop):
        total = 0.0
        for idx in torch.randperm(80).split(40):
            optimizer.zero_grad()
            loss = F.mse_loss(model(x[idx]), y[idx])
            loss.backward()
            optimizer.step()
            total += loss.item() / 2
        scheduler.step()
        print(f"epoch {epoch} loss {total:.4f} lr {scheduler.get_last_lr()[0]:.4f}")


model, optimizer, scheduler = build()
train(model, optimizer, scheduler, 0, 3)
buffer = io.BytesIO()
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(), "epoch": 3}, buffer)

buffer.seek(0)
model, optimizer, scheduler = build()
state = torch.load(buffer)
model.load_state_dict(state["model"])
optimizer.load_state_dict(state["optimizer"])
scheduler.load_state_dict(state["scheduler"])
train(model, optimizer, scheduler, state["epoch"], 6)
