import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

BATCH = 1  # coach: batchnorm-batch-of-one; fix: BATCH =
torch.manual_seed(0)
data = TensorDataset(torch.randn(24, 4, 5, 5), torch.randint(0, 2, (24,)))
loader = DataLoader(data, batch_size=BATCH, shuffle=True)
net = nn.Sequential(nn.Flatten(), nn.Linear(100, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for x, y in loader:
    loss = nn.functional.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
