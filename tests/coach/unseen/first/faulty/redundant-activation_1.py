import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.ReLU(), nn.Linear(32, 1))  # coach: redundant-activation; fix: nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1)
X = torch.randn(200, 5); Y = X[:, :1].abs() - 0.8
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for ep in range(5):
    for a, b in DataLoader(TensorDataset(X, Y), batch_size=40, shuffle=True):
        loss = nn.functional.mse_loss(net(a), b)
        opt.zero_grad(); loss.backward(); opt.step()
    print(ep, loss.item())
