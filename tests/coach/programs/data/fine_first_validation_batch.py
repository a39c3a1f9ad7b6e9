import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

full = TensorDataset(torch.randn(100, 3), torch.randint(0, 2, (100,)))
train_set, val_set = random_split(full, [80, 20])
train_loader = DataLoader(train_set, batch_size=16, shuffle=True)
val_loader = DataLoader(val_set, batch_size=5)
net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
opt = torch.optim.Adam(net.parameters())
for epoch in range(4):
    for x, y in train_loader:
        opt.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        x, y = next(iter(val_loader))
        print(nn.functional.cross_entropy(net(x), y).item())
    net.train()
