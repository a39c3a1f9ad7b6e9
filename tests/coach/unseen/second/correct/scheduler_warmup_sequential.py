"""Linear warm-up followed by exponential decay with SequentialLR, one step a batch."""
import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import ExponentialLR, LinearLR, SequentialLR

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
opt = torch.optim.AdamW(model.parameters(), lr=2e-2)
sched = SequentialLR(opt, [LinearLR(opt, start_factor=0.05, total_iters=10), ExponentialLR(opt, gamma=0.98)],
                     milestones=[10])
w = torch.tensor([[0.5], [-0.5], [0.3], [0.0]])

for step in range(120):
    xb = torch.randn(64, 4)
    yb = torch.sin(xb @ w)
    loss = (model(xb) - yb).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if step % 20 == 0 or step == 119:
        print(step, f"lr {sched.get_last_lr()[0]:.5f} loss {loss.item():.4f}")
