"""Temperature scaling: the model is in eval mode, its logits are recorded, and the temperature learns from them."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
X, y = torch.randn(60, 4), torch.randint(0, 3, (60,))
for _ in range(10):
    opt.zero_grad()
    nn.functional.cross_entropy(net(X), y).backward()
    opt.step()
net.eval()
temperature = nn.Parameter(torch.ones(1))
cal = torch.optim.SGD([temperature], lr=0.05)
for _ in range(10):
    loss = nn.functional.cross_entropy(net(X[:20]) / temperature, y[:20])
    cal.zero_grad()
    loss.backward()
    cal.step()
    print(loss.item())
