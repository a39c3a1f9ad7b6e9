import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
# dataset comes sorted by class
y = torch.arange(4).repeat_interleave(60)
X = torch.randn(4, 8)[y] + 0.6 * torch.randn(240, 8)
X = (X - X.mean(0)) / X.std(0)
train_loader = DataLoader(TensorDataset(X, y), batch_size=20)  # coach: not-shuffled; fix: shuffle=True
net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
ce = nn.CrossEntropyLoss()
for ep in range(4):
    for a, b in train_loader:
        opt.zero_grad()
        loss = ce(net(a), b)
        loss.backward()
        opt.step()
    print(ep, loss.item())
