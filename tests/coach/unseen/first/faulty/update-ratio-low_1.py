import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
enc = nn.Sequential(nn.Linear(10, 24), nn.Tanh())
dec = nn.Linear(24, 1)
opt = torch.optim.AdamW([
    dict(params=enc.parameters(), lr=1e-9),  # coach: update-ratio-low; fix: dict(params=enc.parameters(), lr=
    dict(params=dec.parameters(), lr=1e-2),
], weight_decay=0.0)
for i in range(50):
    x = torch.randn(64, 10)
    y = torch.sin(x[:, :1] * 2)
    loss = F.mse_loss(dec(enc(x)), y)
    opt.zero_grad(); loss.backward(); opt.step()
    if i % 10 == 0: print(i, loss.item())
# coach-also: learning-rate-too-low, stale-optimizer
