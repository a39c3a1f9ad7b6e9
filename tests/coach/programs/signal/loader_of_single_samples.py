import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.randn(10, 6), torch.randn(10, 2))
loader = DataLoader(data, batch_size=1)  # coach: batchnorm-batch-of-one; fix: batch_size=
net = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
net.train()
for x, y in loader:
    opt.zero_grad()
    loss = nn.MSELoss()(net(x), y)
    loss.backward()
    opt.step()
