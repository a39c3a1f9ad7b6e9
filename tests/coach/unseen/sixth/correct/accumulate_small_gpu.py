import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)

# stripes: horizontal, vertical, diagonal
n, S = 384, 10
y = torch.randint(0, 3, (n,))
i = torch.arange(S).float().view(S, 1).expand(S, S)
j = torch.arange(S).float().view(1, S).expand(S, S)
bases = torch.stack([torch.sin(1.5 * i), torch.sin(1.5 * j), torch.sin(1.1 * (i + j))])
x = bases[y] + 1.6 * torch.randn(n, S, S)
x = ((x - x.mean()) / x.std()).unsqueeze(1)

loader = DataLoader(TensorDataset(x[:320], y[:320]), batch_size=8, shuffle=True)
net = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 9, 3))
opt = torch.optim.AdamW(net.parameters(), lr=4e-3)
ACCUM = 4

for epoch in range(5):
    net.train()
    opt.zero_grad()
    running = 0.0
    for step, (xb, yb) in enumerate(loader):
        loss = F.cross_entropy(net(xb), yb)
        (loss / ACCUM).backward()
        running += loss.item()
        if (step + 1) % ACCUM == 0:
            opt.step()
            opt.zero_grad()
    net.eval()
    with torch.no_grad():
        acc = (net(x[320:]).argmax(1) == y[320:]).float().mean().item()
    print(f"epoch {epoch}: {running / len(loader):.3f} acc {acc:.3f}")
