import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(300, 6)
y = (X[:, 0] * 2 + X[:, 1] ** 2 > 1).long()
net = nn.Sequential(
    nn.Linear(6, 64),
    nn.Linear(64, 32),  # coach: missing-nonlinearity; fix: nn.ReLU()
    nn.ReLU(),
    nn.Linear(32, 2),
)
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
ce = nn.CrossEntropyLoss()
for ep in range(4):
    for a, b in DataLoader(TensorDataset(X, y), batch_size=50, shuffle=True):
        opt.zero_grad()
        loss = ce(net(a), b)
        loss.backward()
        opt.step()
    print(ep, loss.item())
