import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
# experiment comparison script: which width is better?
def experiment(width):
    X = torch.randn(200, 6)  # coach: unseeded; fix: torch.manual_seed(
    y = (X[:, 0] > 0).long()
    net = nn.Sequential(nn.Linear(6, width), nn.ReLU(), nn.Linear(width, 2))
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    for ep in range(3):
        for a, b in DataLoader(TensorDataset(X, y), batch_size=40, shuffle=True):
            opt.zero_grad()
            loss = nn.functional.cross_entropy(net(a), b)
            loss.backward()
            opt.step()
    return loss.item()
print({w: experiment(w) for w in (8, 32)})
