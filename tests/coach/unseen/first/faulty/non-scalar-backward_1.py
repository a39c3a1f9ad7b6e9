import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(120, 5); y = (X[:, :1] > 0).float()
net = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
crit = nn.BCEWithLogitsLoss(reduction="none")
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for a, b in DataLoader(TensorDataset(X, y), batch_size=30, shuffle=True):
    opt.zero_grad()
    loss = crit(net(a), b)
    loss.backward()  # coach: non-scalar-backward; fix: loss.mean()
    opt.step()
