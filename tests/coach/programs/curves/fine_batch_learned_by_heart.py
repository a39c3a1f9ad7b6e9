import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(8, 20), torch.randint(0, 4, (8,))
net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 4))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(100):
    loss = nn.functional.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print("can learn one batch:", loss.item() < 0.01)
