import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(300, 9); y = X[:, :3].argmax(1)
tr = DataLoader(TensorDataset(X[:200], y[:200]), batch_size=25, shuffle=True)
va = DataLoader(TensorDataset(X[200:], y[200:]), batch_size=25)
net = nn.Sequential(nn.Linear(9, 32), nn.ReLU(), nn.Linear(32, 3))
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
ce = nn.CrossEntropyLoss()
for epoch in range(4):
    net.train()
    for xb, yb in tr:
        opt.zero_grad()
        loss = ce(net(xb), yb)
        loss.backward()
        opt.step()
    net.eval()
    correct, vloss = 0, 0.0
    for xb, yb in va:
        out = net(xb)  # coach: no-grad-missing; fix: torch.no_grad()
        vloss += ce(out, yb).item()
        correct += (out.argmax(1) == yb).sum().item()
    print(epoch, "val loss", vloss / len(va), "acc", correct / 100)
