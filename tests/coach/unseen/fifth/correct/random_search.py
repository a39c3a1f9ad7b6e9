import random
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

random.seed(110)
torch.manual_seed(110)
mix = torch.randn(10, 3)
x = torch.randn(600, 10)
y = (x @ mix).argmax(1)
train, xv, yv = TensorDataset(x[:480], y[:480]), x[480:], y[480:]


def trial(cfg):
    torch.manual_seed(110)
    layers, d = [], 10
    for _ in range(cfg["depth"]):
        layers += [nn.Linear(d, cfg["width"]), nn.ReLU()]
        d = cfg["width"]
    net = nn.Sequential(*layers, nn.Linear(d, 3))
    opt = torch.optim.Adam(net.parameters(), lr=cfg["lr"])
    loader = DataLoader(train, batch_size=48, shuffle=True)
    for _ in range(5):
        for xb, yb in loader:
            opt.zero_grad()
            loss = F.cross_entropy(net(xb), yb)
            loss.backward()
            opt.step()
    net.eval()
    with torch.no_grad():
        return F.cross_entropy(net(xv), yv).item()


best = None
for t in range(4):
    cfg = {"lr": 10 ** random.uniform(-2.7, -2.1), "depth": random.choice([1, 2]), "width": random.choice([16, 32])}
    score = trial(cfg)
    if best is None or score < best[0]:
        best = (score, cfg)
    print(t, round(score, 4), cfg)
print("best", best)
