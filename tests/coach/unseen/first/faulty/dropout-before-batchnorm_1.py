import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
net = nn.Sequential(
    nn.Linear(8, 32, bias=False),
    nn.Dropout(0.3),  # coach: dropout-before-batchnorm
    nn.BatchNorm1d(32),
    nn.ReLU(),
    nn.Linear(32, 2),
)
X = torch.randn(240, 8); y = (X[:, 0] - X[:, 1] > 0).long()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
ce = nn.CrossEntropyLoss()
for ep in range(4):
    net.train()
    for a, b in DataLoader(TensorDataset(X[:200], y[:200]), batch_size=40, shuffle=True):
        opt.zero_grad(); loss = ce(net(a), b); loss.backward(); opt.step()
    net.eval()
    with torch.no_grad():
        print(ep, (net(X[200:]).argmax(1) == y[200:]).float().mean().item())
