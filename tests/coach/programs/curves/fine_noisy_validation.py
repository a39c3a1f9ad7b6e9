import gradbook as torch
from gradbook import nn

torch.manual_seed(1)
net = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2))
opt = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=1e-3)
for step in range(60):
    x = torch.randn(32, 5)
    y = (x[:, 0] - x[:, 1] > 0).long()
    opt.zero_grad()
    nn.functional.cross_entropy(net(x), y).backward()
    opt.step()
    if step % 6 == 5:
        net.eval()
        with torch.no_grad():
            vx = torch.randn(16, 5)
            print(nn.functional.cross_entropy(net(vx), (vx[:, 0] - vx[:, 1] > 0).long()).item())
        net.train()
