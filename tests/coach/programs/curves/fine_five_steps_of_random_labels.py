import gradbook as torch
from gradbook import nn

net = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 3))
opt = torch.optim.AdamW(net.parameters(), lr=3e-4, weight_decay=0.1)
for step in range(60):
    x, y = torch.randn(32, 10), torch.randint(0, 3, (32,))
    loss = nn.functional.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step == 0:
        print("it runs")
