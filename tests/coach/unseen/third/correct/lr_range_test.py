# %%
import copy
import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import ExponentialLR, OneCycleLR
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(27)

# %%
proto = torch.randn(4, 12)
y = torch.randint(0, 4, (640,))
x = proto[y] + torch.randn(640, 12)
x = (x - x[:512].mean(0)) / x[:512].std(0)
loader = DataLoader(TensorDataset(x[:512], y[:512]), batch_size=32, shuffle=True)
model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 4))
criterion = nn.CrossEntropyLoss()

# %%
# learning rate range test, on a copy
def lr_finder(model, low=1e-4, high=10.0, steps=64):
    probe = copy.deepcopy(model)
    opt = torch.optim.SGD(probe.parameters(), lr=low)
    sched = ExponentialLR(opt, gamma=(high / low) ** (1 / (steps - 1)))
    trace, smooth, step = [], None, 0
    while step < steps:
        for xb, yb in loader:
            opt.zero_grad()
            loss = criterion(probe(xb), yb)
            loss.backward()
            opt.step()
            smooth = loss.item() if smooth is None else 0.7 * smooth + 0.3 * loss.item()
            trace.append((sched.get_last_lr()[0], smooth))
            sched.step()
            step += 1
            if step >= steps or smooth > 2 * min(v for _, v in trace):
                return trace
    return trace

# %%
trace = lr_finder(model)
best_lr, _ = min(trace, key=lambda p: p[1])
max_lr = min(best_lr / 10, 0.1)
print(f"{len(trace)} steps, loss lowest at lr {best_lr:.3f}, using {max_lr:.3f}")

# %%
epochs = 6
opt = torch.optim.SGD(model.parameters(), lr=max_lr, momentum=0.9)
sched = OneCycleLR(opt, max_lr=max_lr, total_steps=epochs * len(loader))
for epoch in range(epochs):
    model.train()
    for xb, yb in loader:
        opt.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        opt.step()
        sched.step()
model.eval()
with torch.no_grad():
    print("val acc", (model(x[512:]).argmax(1) == y[512:]).float().mean().item())
