import gradbook as torch
import gradbook.nn as nn

m = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
o = torch.optim.AdamW(m.parameters(), 1e-2)
sc = torch.amp.GradScaler("cpu")
sch = torch.optim.lr_scheduler.CosineAnnealingLR(o, 10)
x = torch.randn(32, 4)
y = x[:, :1]
for e in range(6):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.mse_loss(m(x).float(), y)
    o.zero_grad()
    sc.scale(loss).backward()
    sc.unscale_(o)
    nn.utils.clip_grad_norm_(m.parameters(), 1.0)
    sc.step(o)
    sc.update()
    sch.step()
m.eval()
with torch.inference_mode():
    print(nn.functional.mse_loss(m(x), y).item())
