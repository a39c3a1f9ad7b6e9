# a hundred times the norm of the first gradient, once: a batch with an outlier, and a recurrence that forgets
import gradbook as torch
from gradbook import nn

torch.manual_seed(12)
cell, out = nn.RNNCell(3, 16), nn.Linear(16, 1)
optimizer = torch.optim.SGD([*cell.parameters(), *out.parameters()], lr=0.02)
for step in range(30):
    x = torch.randn(12, 24, 3)
    wanted = x[-4:, :, 0].sum(0)
    if step == 2:
        wanted[0] = 300.0
    h = torch.zeros(24, 16)
    for now in x:
        h = cell(now, h)
    loss = nn.functional.smooth_l1_loss(out(h).squeeze(1), wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
