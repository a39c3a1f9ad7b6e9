import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
# the table's last column is the label
table = torch.randn(300, 9)
table[:, 8] = (table[:, 0] + torch.randn(300) > 0).float()
X, y = table, table[:, 8].long()  # coach: leak-suspected; fix: [:, :8]
X = (X - X.mean(0)) / X.std(0)
tr = DataLoader(TensorDataset(X[:220], y[:220]), batch_size=22, shuffle=True)
va = DataLoader(TensorDataset(X[220:], y[220:]), batch_size=40)
net = nn.Sequential(nn.Linear(9, 32), nn.ReLU(), nn.Linear(32, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for ep in range(6):
    net.train()
    for a, b in tr:
        opt.zero_grad()
        loss = F.cross_entropy(net(a), b)
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        acc = sum((net(a).argmax(1) == b).sum().item() for a, b in va) / 80
    print(ep, loss.item(), "val acc", acc)
