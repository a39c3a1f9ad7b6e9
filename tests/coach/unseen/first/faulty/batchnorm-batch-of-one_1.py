import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
# 65 samples, batch 16: the last batch has one row
X = torch.randn(65, 6); y = (X[:, 0] > 0).long()
loader = DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True)  # coach: batchnorm-batch-of-one; fix: drop_last=True
net = nn.Sequential(nn.Linear(6, 16, bias=False), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
ce = nn.CrossEntropyLoss()
for ep in range(3):
    for a, b in loader:
        opt.zero_grad()
        loss = ce(net(a), b)
        loss.backward()
        opt.step()
    print(ep, loss.item())
