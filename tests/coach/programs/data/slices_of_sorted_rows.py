import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
X = torch.cat([torch.randn(40, 4) + k for k in range(4)])
y = torch.arange(4).repeat_interleave(40)
B = 20
net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 4))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(4):
    for b in range(len(X) // B):
        xb = X[b * B : (b + 1) * B]  # coach: not-shuffled; fix: randperm
        yb = y[b * B : (b + 1) * B]
        loss = nn.functional.cross_entropy(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
