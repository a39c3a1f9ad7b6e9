import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# exponential moving average of the loss for the progress bar
torch.manual_seed(33)
W_true = torch.randn(8, 2)
model = nn.Sequential(nn.Linear(8, 20), nn.SiLU(), nn.Linear(20, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
ema = None
for it in range(40):
    xb = torch.randn(32, 8)
    yb = xb @ W_true
    loss = F.mse_loss(model(xb), yb)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    ema = loss if ema is None else 0.9 * ema + 0.1 * loss  # coach: loss-keeps-graph; fix: loss.item()
    if it % 10 == 9:
        print(f"it {it:03d} smooth loss {float(ema):.3f}")
# coach-also: memory-growth
