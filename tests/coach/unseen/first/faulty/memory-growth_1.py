import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(320, 16); y = (X[:, 0] > 0).long()
net = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 2))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
all_outputs = []
for ep in range(5):
    for a, b in DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True):
        out = net(a)
        loss = nn.functional.cross_entropy(out, b)
        opt.zero_grad()
        loss.backward()
        opt.step()
        all_outputs.append(out)  # coach: memory-growth; fix: out.detach()
    print(ep, len(all_outputs), loss.item())
# coach-also: loss-keeps-graph
