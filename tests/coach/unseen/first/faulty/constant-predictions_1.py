import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
# one output unit + softmax = always 1
X = torch.randn(200, 5)
y = (X[:, 0] > 0).float().unsqueeze(1)
net = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1), nn.Softmax(dim=1))  # coach: constant-predictions; fix: nn.Sigmoid()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
bce = nn.BCELoss()
for ep in range(5):
    for a, b in DataLoader(TensorDataset(X, y), batch_size=40, shuffle=True):
        opt.zero_grad()
        loss = bce(net(a), b)
        loss.backward()
        opt.step()
    print(ep, loss.item())
# coach-also: suspicious-initial-loss, loss-plateau, vanishing-gradients, degenerate-activation, log-softmax-missing-for-nll, stale-optimizer
