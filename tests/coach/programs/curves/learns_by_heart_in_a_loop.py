import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(30, 20)
y = (x[:, 0] + torch.randn(30) > 0).float().unsqueeze(1)
xv = torch.randn(100, 20)
yv = (xv[:, 0] + torch.randn(100) > 0).float().unsqueeze(1)
net = nn.Sequential(nn.Linear(20, 100), nn.ReLU(), nn.Linear(100, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
bce = nn.BCEWithLogitsLoss()
history = {"train": [], "val": []}
for epoch in range(50):  # coach: overfitting; fix: break
    net.train()
    opt.zero_grad()
    loss = bce(net(x), y)
    loss.backward()
    opt.step()
    net.eval()
    with torch.no_grad():
        val = bce(net(xv), yv)
    history["train"].append(loss.item())
    history["val"].append(val.item())
