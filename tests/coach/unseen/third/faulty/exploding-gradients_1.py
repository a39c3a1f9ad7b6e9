from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


@dataclass
class Config:
    length: int = 60
    hidden: int = 32
    batch_size: int = 32
    lr: float = 0.01
    epochs: int = 3


class RandomWalks(Dataset):
    """The target is where the walk ends, in units of its standard deviation."""

    def __init__(self, n, length):
        self.steps = torch.randn(n, length, 1)
        self.end = self.steps.sum(1) / length ** 0.5

    def __len__(self):
        return len(self.steps)

    def __getitem__(self, i):
        return self.steps[i], self.end[i]


class IRNN(nn.Module):
    """ReLU network with an identity recurrence (Le, Jaitly & Hinton, 2015)."""

    def __init__(self, hidden):
        super().__init__()
        self.rnn = nn.RNN(1, hidden, nonlinearity="relu", batch_first=True)
        self.out = nn.Linear(hidden, 1)
        nn.init.eye_(self.rnn.weight_hh_l0)
        nn.init.normal_(self.rnn.weight_ih_l0, std=0.1)
        nn.init.zeros_(self.rnn.bias_hh_l0)
        nn.init.zeros_(self.rnn.bias_ih_l0)

    def forward(self, steps):
        _, h = self.rnn(steps)
        return self.out(h[-1])


cfg = Config()
torch.manual_seed(4)
loader = DataLoader(RandomWalks(512, cfg.length), batch_size=cfg.batch_size, shuffle=True)
model = IRNN(cfg.hidden)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=cfg.lr)
for epoch in range(cfg.epochs):
    total = 0.0
    for steps, end in loader:
        loss = criterion(model(steps), end)  # coach-also: loss-diverged
        optimizer.zero_grad()  # coach-also: learning-rate-too-high
        loss.backward()  # coach: exploding-gradients; fix: clip_grad_norm_
        optimizer.step()  # coach-line: exploding-gradients
        total += loss.item()  # coach-also: nan-origin
    print(f"epoch {epoch}  mse {total / len(loader):.4g}")
