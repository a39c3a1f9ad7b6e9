import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(100)

# two-spirals-ish problem, minibatches by hand
N = 400
t = torch.rand(N) * 4
cls = torch.arange(N) % 2
sign = 1.0 - 2.0 * cls.float()
pts = torch.stack([sign * t * torch.cos(t), sign * t * torch.sin(t)], 1) + 0.1 * torch.randn(N, 2)
pts = (pts - pts.mean(0)) / pts.std(0)

net = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)

BS = 40
for epoch in range(10):
    order = torch.randperm(N)
    losses, accs = [], []
    for k in range(0, N, BS):
        idx = order[k:k + BS]
        xb, yb = pts[idx], cls[idx]
        opt.zero_grad()
        out = net(xb)
        loss = F.cross_entropy(out, yb)
        loss.backward()
        opt.step()
        losses.append(loss.item())
        accs.append((out.argmax(1) == yb).float().item())  # coach: item-on-non-scalar; fix: .mean()
    print(f"epoch {epoch} loss {sum(losses) / len(losses):.4f} acc {sum(accs) / len(accs):.3f}")
