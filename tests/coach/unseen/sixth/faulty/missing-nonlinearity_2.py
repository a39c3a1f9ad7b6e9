# regress the pendulum period correction from (amplitude, damping, length)
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class Regressor(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.l1 = nn.Linear(3, width)
        self.l2 = nn.Linear(width, width)
        self.l3 = nn.Linear(width, 1)

    def forward(self, x):
        h = F.relu(self.l1(x))
        h = self.l2(h)  # coach: missing-nonlinearity; fix: relu
        return self.l3(h)


def simulate(n):
    amp, damp, length = torch.rand(n) * 2, torch.rand(n), 0.5 + torch.rand(n)
    period = torch.sqrt(length) * (1 + amp ** 2 / 16 + 11 * amp ** 4 / 3072) * (1 + 0.2 * damp ** 2)
    X = torch.stack([amp, damp, length], 1)
    return X, period.unsqueeze(1) + 0.01 * torch.randn(n, 1)


def main():
    torch.manual_seed(2024)
    X, T = simulate(700)
    X = (X - X.mean(0)) / X.std(0)
    T = (T - T.mean()) / T.std()
    dl = DataLoader(TensorDataset(X[:560], T[:560]), batch_size=28, shuffle=True)
    net = Regressor()
    opt = torch.optim.Adam(net.parameters(), lr=3e-3)
    for epoch in range(10):
        net.train()
        for xb, tb in dl:
            opt.zero_grad()
            loss = F.mse_loss(net(xb), tb)
            loss.backward()
            opt.step()
        net.eval()
        with torch.no_grad():
            val = F.mse_loss(net(X[560:]), T[560:]).item()
        print(epoch, round(loss.item(), 4), round(val, 4))


if __name__ == "__main__":
    main()
