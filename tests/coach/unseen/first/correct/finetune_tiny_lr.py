# Phase 1: train from scratch.  Phase 2: fine-tune everything on a shifted domain with lr 1e-5.
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
w = torch.randn(10, 1)


def domain(shift, n):
    x = torch.randn(n, 10) + shift
    return x, x @ w + 0.05 * torch.randn(n, 1)


def fit(net, loader, lr, epochs):
    opt = torch.optim.Adam(net.parameters(), lr=lr)
    crit = nn.MSELoss()
    net.train()
    for _ in range(epochs):
        for x, t in loader:
            opt.zero_grad()
            err = crit(net(x), t)
            err.backward()
            opt.step()
    return err.item()


net = nn.Sequential(nn.Linear(10, 24), nn.Tanh(), nn.Linear(24, 1))
source = DataLoader(TensorDataset(*domain(0.0, 160)), batch_size=32, shuffle=True)
target = DataLoader(TensorDataset(*domain(0.2, 64)), batch_size=32, shuffle=True)
print("source", fit(net, source, 1e-2, 8))
print("target", fit(net, target, 1e-5, 6))
