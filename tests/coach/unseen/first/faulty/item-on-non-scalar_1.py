import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(90, 4); y = (X[:, 0] > 0).long()
net = nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Linear(12, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
ce = nn.CrossEntropyLoss()
correct = 0
for a, b in DataLoader(TensorDataset(X, y), batch_size=30, shuffle=True):
    opt.zero_grad()
    out = net(a)
    loss = ce(out, b)
    loss.backward()
    opt.step()
    correct += (out.argmax(1) == b).item()  # coach: item-on-non-scalar; fix: .sum().item()
print(correct / 90)
