import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# warm-up by step: scheduler before the optimizer in every iteration
torch.manual_seed(73)
net = nn.Sequential(nn.Linear(4, 32), nn.GELU(), nn.Linear(32, 1))
opt = torch.optim.AdamW(net.parameters(), lr=5e-3)
warmup = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, (s + 1) / 10))
for it in range(40):
    x = torch.randn(32, 4)
    loss = F.mse_loss(net(x), x[:, :1] * x[:, 1:2])
    opt.zero_grad()
    loss.backward()
    warmup.step()  # coach: scheduler-order; fix: warmup.step()
    opt.step()
    if it % 10 == 0:
        print(it, warmup.get_last_lr()[0], loss.item())
