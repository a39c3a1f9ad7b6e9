import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(109)
proto = torch.randn(4, 1, 8, 8)
y = torch.randint(0, 4, (512,))
x = proto[y] + 0.8 * torch.randn(512, 1, 8, 8)
loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)

net = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(8 * 16, 4),
)
ACCUM, EPOCHS = 4, 4
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.05, total_steps=EPOCHS * len(loader) // ACCUM)
ce = nn.CrossEntropyLoss()

for epoch in range(EPOCHS):
    shown = 0.0
    opt.zero_grad()
    for i, (xb, yb) in enumerate(loader, 1):
        loss = ce(net(xb), yb) / ACCUM
        loss.backward()
        shown += loss.item() * ACCUM
        if i % ACCUM == 0:
            opt.step()
            sched.step()
            opt.zero_grad()
    print(epoch, shown / len(loader))
