import argparse
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1e-2)
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--bs", type=int, default=16)
args = parser.parse_args([])
torch.manual_seed(0)


class SineData(Dataset):
    def __init__(self, n=160):
        self.x = torch.rand(n, 1) * 2 - 1
        self.y = torch.sin(3 * self.x) + 0.05 * torch.randn(n, 1)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


loader = DataLoader(SineData(), batch_size=args.bs, shuffle=True)
net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=args.lr)
mse = nn.MSELoss()

for ep in range(args.epochs):
    s = 0.0
    for x, y in loader:
        opt.zero_grad()
        loss = mse(net(x), y)
        opt.step()  # coach: optimizer-call-order
        loss.backward()
        s += loss.item()
    print(ep, s / len(loader))
# coach-also: loss-plateau, stale-optimizer, update-ratio-low
