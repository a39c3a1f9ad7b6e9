import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(240, 8); y = X[:, :3].argmax(1)
net = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 3))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
ce = nn.CrossEntropyLoss()
lam = 5.0  # coach: regularisation-dominates
for ep in range(6):
    for a, b in DataLoader(TensorDataset(X, y), batch_size=40, shuffle=True):
        l1 = sum(p.abs().sum() for p in net.parameters())
        loss = ce(net(a), b) + lam * l1
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(ep, loss.item())
# coach-also: suspicious-initial-loss, constant-predictions
