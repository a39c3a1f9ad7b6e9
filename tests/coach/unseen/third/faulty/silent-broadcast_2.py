import math
from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


@dataclass
class Settings:
    n: int = 384
    features: int = 5
    hidden: int = 48
    lr: float = 3e-3
    epochs: int = 8
    min_log_var: float = -6.0


class NoisySensors(Dataset):
    def __init__(self, s):
        self.x = torch.randn(s.n, s.features)
        noise = 0.1 + 0.3 * torch.sigmoid(self.x[:, 1])
        y = torch.sin(1.5 * self.x[:, 0]) + noise * torch.randn(s.n)
        self.y = (y - y.mean()) / y.std()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class MeanVarianceNet(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(s.features, s.hidden), nn.SiLU(), nn.Linear(s.hidden, s.hidden), nn.SiLU())
        self.mean = nn.Linear(s.hidden, 1)
        self.log_var = nn.Linear(s.hidden, 1)
        self.floor = s.min_log_var

    def forward(self, x):
        h = self.body(x)
        return self.mean(h), self.log_var(h).clamp(min=self.floor)  # coach-line: silent-broadcast


class GaussianNLL(nn.Module):
    def forward(self, mean, log_var, y):
        sq = (y - mean) ** 2 / log_var.exp()  # coach: silent-broadcast; fix: squeeze(
        return 0.5 * (log_var + sq + math.log(2 * math.pi)).mean()  # coach-also: target-mismatch


def main():
    s = Settings()
    torch.manual_seed(19)
    loader = DataLoader(NoisySensors(s), batch_size=48, shuffle=True)
    net, nll = MeanVarianceNet(s), GaussianNLL()
    opt = torch.optim.Adam(net.parameters(), lr=s.lr)
    for epoch in range(s.epochs):
        total = 0.0
        for x, y in loader:
            mean, log_var = net(x)
            loss = nll(mean, log_var, y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item()
        print(f"{epoch} nll {total / len(loader):.4f}")


main()
