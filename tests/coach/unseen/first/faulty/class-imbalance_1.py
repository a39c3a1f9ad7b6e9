import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
# fraud detection: 2 % positives, plain loss, accuracy as metric
y = (torch.rand(600) < 0.02).long()  # coach: class-imbalance
X = torch.randn(600, 6)
X[y == 1, 0] += 1.0
X = (X - X.mean(0)) / X.std(0)
loader = DataLoader(TensorDataset(X, y), batch_size=60, shuffle=True)
net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
crit = nn.CrossEntropyLoss()
for ep in range(4):
    ok = 0
    for a, b in loader:
        out = net(a)
        loss = crit(out, b)
        opt.zero_grad()
        loss.backward()
        opt.step()
        ok += (out.argmax(1) == b).sum().item()
    print(ep, "accuracy", ok / 600)
# coach-also: constant-predictions
