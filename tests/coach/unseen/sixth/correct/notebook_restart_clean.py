# %% [imports]
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

# %% [data]
torch.manual_seed(1234)
kind = torch.randint(0, 3, (360,))
stamp = torch.zeros(3, 1, 6, 6)
stamp[0, 0, 1:5, 2] = 1.0
stamp[1, 0, 2, 1:5] = 1.0
stamp[2, 0, 1:4, 1:4] = 1.0
pics = stamp[kind] + 0.7 * torch.randn(360, 1, 6, 6)
pics = (pics - pics.mean()) / pics.std()
train_dl = DataLoader(TensorDataset(pics[:300], kind[:300]), batch_size=30, shuffle=True)

# %% [experiment]
torch.manual_seed(7)
net = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Dropout(0.2), nn.Linear(8 * 3 * 3, 3),
)
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
sched = torch.optim.lr_scheduler.StepLR(opt, step_size=2, gamma=0.5)
for epoch in range(4):
    net.train()
    total = 0.0
    for xb, yb in train_dl:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item()
    sched.step()
    print("epoch", epoch, "loss", round(total / len(train_dl), 4), "lr", sched.get_last_lr()[0])

# %% [check]
net.eval()
with torch.no_grad():
    guess = net(pics[300:]).argmax(1)
print("accuracy", (guess == kind[300:]).float().mean().item())

# %% [experiment] rerun

# %% [check] rerun
