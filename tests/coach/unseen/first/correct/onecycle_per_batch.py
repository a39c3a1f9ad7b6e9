import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import OneCycleLR
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)
EPOCHS = 6
angle = torch.rand(300) * 3.14159
which = torch.randint(0, 2, (300,))
moons = torch.stack([angle.cos(), angle.sin()], 1)
moons[which == 1] = torch.tensor([1.0, 0.4]) - moons[which == 1]
moons += 0.08 * torch.randn(300, 2)
moons = (moons - moons.mean(0)) / moons.std(0)

loader = DataLoader(TensorDataset(moons, which), batch_size=30, shuffle=True)
model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2))
opt = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
sched = OneCycleLR(opt, max_lr=0.3, epochs=EPOCHS, steps_per_epoch=len(loader))
ce = nn.CrossEntropyLoss()

lrs = []
for epoch in range(EPOCHS):
    for x, y in loader:
        opt.zero_grad()
        loss = ce(model(x), y)
        loss.backward()
        opt.step()
        sched.step()
        lrs.append(sched.get_last_lr()[0])
    print(f"epoch {epoch} loss {loss.item():.3f} lr {lrs[-1]:.5f}")
print("peak lr", max(lrs))
