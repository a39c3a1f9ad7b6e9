import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(99)
# a penalty computed once, outside the loop
net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
l2 = sum((p ** 2).sum() for p in net.parameters()) * 1e-4  # coach: backward-twice
X = torch.randn(100, 6); Y = X.mean(1, keepdim=True)
for a, b in DataLoader(TensorDataset(X, Y), batch_size=20, shuffle=True):
    loss = nn.functional.mse_loss(net(a), b) + l2
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(loss.item())
