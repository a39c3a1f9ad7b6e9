import gradbook as torch
from gradbook import nn

words = torch.randint(0, 12, (60, 100)).float()
flags = torch.nn.functional.one_hot(torch.randint(0, 5, (60,)), 5).float()
x = torch.cat([words.clamp(max=3), flags], dim=1)
y = torch.randint(0, 2, (60,))
net = nn.Sequential(nn.Linear(105, 16), nn.ReLU(), nn.Linear(16, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(10):
    loss = nn.functional.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
