import gradbook as torch
import gradbook.nn as nn

t = nn.Linear(4, 8)
p = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8))
o = torch.optim.Adam(p.parameters(), 1e-3)
for i in range(8):
    s = torch.randn(16, 4)
    loss = ((p(s) - t(s).detach()) ** 2).mean()
    o.zero_grad()
    loss.backward()
    o.step()
    print(loss.item())
