import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(6, 24), nn.GELU(), nn.Linear(24, 6))
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
warmup = torch.optim.lr_scheduler.LinearLR(opt, start_factor=1e-8, total_iters=20)
for step in range(30):
    x = torch.randn(32, 6)
    loss = (model(x) - x.flip(1)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    warmup.step()
