import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
for p in net.parameters():
    p.requires_grad = False  # coach: nothing-requires-grad
X = torch.randn(80, 6); y = (X[:, 0] > 0).long()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for a, b in DataLoader(TensorDataset(X, y), batch_size=20, shuffle=True):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(a), b)
    loss.backward()
    opt.step()
