# my laptop is slow: small batches of 8, update after 4 of them (= 32)
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)
ACCUM = 4

tracks = torch.randn(384, 12)
mood = (tracks[:, :4] * torch.tensor([1.0, -1.0, 0.5, 2.0])).sum(1) + 0.3 * torch.randn(384)
mood = (mood > 0).long()
train_dl = DataLoader(TensorDataset(tracks[:320], mood[:320]), batch_size=8, shuffle=True)
val_dl = DataLoader(TensorDataset(tracks[320:], mood[320:]), batch_size=32)

net = nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Linear(24, 2))
crit = nn.CrossEntropyLoss()
opt = torch.optim.Adam(net.parameters(), lr=0.01)

for epoch in range(5):
    net.train()
    opt.zero_grad()
    for i, (x, y) in enumerate(train_dl):
        loss = crit(net(x), y) / ACCUM
        loss.backward()
        if (i + 1) % ACCUM == 0:
            opt.step()
            opt.zero_grad()
    net.eval()
    right = 0
    with torch.no_grad():
        for x, y in val_dl:
            right += (net(x).argmax(1) == y).sum().item()
    print(f"epoch {epoch}: {right}/64 moods right")
