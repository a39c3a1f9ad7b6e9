# Sanity check from the lecture: a net should be able to memorise 32 examples. Mine can't?
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
xb = torch.randn(32, 10)
yb = torch.randint(0, 4, (32,))

net = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()

for step in range(200):
    # reshuffle every step
    x = xb[torch.randperm(32)]  # coach-line: cannot-overfit-batch
    y = yb[torch.randperm(32)]  # coach: cannot-overfit-batch
    optimizer.zero_grad()
    out = net(x)
    loss = criterion(out, y)
    loss.backward()
    optimizer.step()
    if step % 25 == 0:
        acc = (out.argmax(1) == y).float().mean().item()
        print(step, "loss", loss.item(), "acc", acc)  # coach-also: loss-plateau
