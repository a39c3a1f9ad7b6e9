import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(60)
# reduction='sum' with a learning rate chosen for the mean
X = torch.randn(256, 6)
y = (X[:, 0] > 0).long()
net = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 2))
lossf = nn.CrossEntropyLoss(reduction='sum')  # coach: update-ratio-high; fix: nn.CrossEntropyLoss()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for ep in range(5):
    for a, b in DataLoader(TensorDataset(X, y), batch_size=64, shuffle=True):
        opt.zero_grad()
        loss = lossf(net(a), b)
        loss.backward()
        opt.step()
    print(ep, loss.item() / 64)
# coach-also: learning-rate-too-high, saturated-activation, regularisation-dominates, suspicious-initial-loss, exploding-gradients, loss-diverged
