import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

x = torch.randn(90, 3)
y = torch.randn(90, 1)
for_training = DataLoader(TensorDataset(x, y), 15)  # coach: not-shuffled; fix: 15, shuffle=True)
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for epoch in range(3):
    for xb, yb in for_training:
        opt.zero_grad()
        nn.functional.mse_loss(net(xb), yb).backward()
        opt.step()
