"""Small memory, large batch: gradients of four micro-batches make one step."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(40)
MICRO, PARTS = 16, 4

x = torch.randn(512, 10)
rule = torch.randn(10)
y = ((x @ rule + 0.5 * torch.randn(512)) > 0).long()
train = DataLoader(TensorDataset(x[:448], y[:448]), batch_size=MICRO, shuffle=True)
dev_x, dev_y = x[448:], y[448:]

net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 2))
opt = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=1e-2)

for epoch in range(6):
    net.train()
    opt.zero_grad()
    running = 0.0
    for i, (xb, yb) in enumerate(train, start=1):
        loss = F.cross_entropy(net(xb), yb)
        (loss / PARTS).backward()
        running += loss.item()
        if i % PARTS == 0:
            opt.step()
            opt.zero_grad()
    net.eval()
    with torch.no_grad():
        acc = (net(dev_x).argmax(1) == dev_y).float().mean().item()
    print(f"epoch {epoch} loss {running / i:.3f} dev accuracy {acc:.3f}")
