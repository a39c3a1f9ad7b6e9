import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(400, 6)
y = (torch.rand(400) < 0.04).long()
loader = DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True)
net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
criterion = nn.CrossEntropyLoss()  # coach: class-imbalance; fix: weight=torch.tensor([
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(5):
    for xb, yb in loader:
        opt.zero_grad()
        loss = criterion(net(xb), yb)
        loss.backward()
        opt.step()  # coach-also: constant-predictions
