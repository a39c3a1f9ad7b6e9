import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(400, 6)
Y = (X[:, 0] + X[:, 1] > 0).long()
order = torch.randperm(400)
X = X[order]  # coach: loss-plateau; fix: Y = Y[order]
loader = DataLoader(TensorDataset(X, Y), batch_size=40, shuffle=True)
net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for epoch in range(8):
    for x, y in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
