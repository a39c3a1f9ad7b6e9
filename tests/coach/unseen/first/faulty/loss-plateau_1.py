import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
# shuffled X and y separately!
X = torch.randn(300, 6)
y = (X[:, 0] + X[:, 1] > 0).long()
X = X[torch.randperm(300)]  # coach: loss-plateau
loader = DataLoader(TensorDataset(X, y), batch_size=50, shuffle=True)
net = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
ce = nn.CrossEntropyLoss()
for ep in range(10):
    for a, b in loader:
        opt.zero_grad()
        loss = ce(net(a), b)
        loss.backward()
        opt.step()
    print(ep, loss.item())
