# robust calibration: hand-written pseudo-Huber as autograd Function, cosine schedule, EMA of weights
import copy
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(404)


class PseudoHuber(torch.autograd.Function):
    @staticmethod
    def forward(ctx, r, delta):
        root = torch.sqrt(1 + (r / delta) ** 2)
        ctx.save_for_backward(r, root)
        ctx.delta = delta
        return delta ** 2 * (root - 1)

    @staticmethod
    def backward(ctx, g):
        r, root = ctx.saved_tensors
        return g * r / root, None


x = torch.randn(480, 3)
y = torch.sin(x[:, :1]) + 0.5 * x[:, 1:2] - 0.3 * x[:, 2:] ** 2 + 0.05 * torch.randn(480, 1)
outlier = torch.rand(480, 1) < 0.05
y = torch.where(outlier, y + 3 * torch.randn(480, 1), y)

dl = DataLoader(TensorDataset(x[:400], y[:400]), batch_size=40, shuffle=True)
net = nn.Sequential(nn.Linear(3, 32), nn.GELU(), nn.Linear(32, 32), nn.GELU(), nn.Linear(32, 1))
ema = copy.deepcopy(net)
for p in ema.parameters():
    p.requires_grad_(False)

epochs = 15
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=epochs)
for epoch in range(epochs):
    net.train()
    for xb, yb in dl:
        loss = PseudoHuber.apply(net(xb) - yb, 0.5).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        with torch.no_grad():
            for pe, pn in zip(ema.parameters(), net.parameters()):
                pe.mul_(0.95).add_(0.05 * pn)
    sched.step()
    if epoch % 5 == 4:
        ema.eval()
        with torch.no_grad():
            mae = (ema(x[400:]) - y[400:]).abs().median().item()
        print(f"epoch {epoch} loss {loss.item():.4f} median abs err {mae:.4f}")
