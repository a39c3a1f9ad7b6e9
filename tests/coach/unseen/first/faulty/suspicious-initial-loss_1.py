import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
y = torch.randint(0, 10, (300,))
X = torch.randn(10, 12)[y] + 0.5 * torch.randn(300, 12)
net = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 10))
nn.init.normal_(net[2].weight, std=4.0)  # coach: suspicious-initial-loss
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
ce = nn.CrossEntropyLoss()
for ep in range(5):
    for a, b in DataLoader(TensorDataset(X, y), batch_size=50, shuffle=True):
        opt.zero_grad()
        loss = ce(net(a), b)
        loss.backward()
        opt.step()
    print(ep, loss.item())
# coach-also: bad-init
