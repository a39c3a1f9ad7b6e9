import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


class Rollout(nn.Module):
    """Rolls a linear system forward."""

    def __init__(self, n):
        super().__init__()
        self.enc = nn.Linear(4, n)
        self.cell = nn.Linear(n, n)
        self.dec = nn.Linear(n, 1)
        with torch.no_grad():
            self.cell.weight.copy_(torch.eye(n) * 1.6)  # coach: exploding-gradients; fix: nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)

    def forward(self, x, steps=14):
        h = self.enc(x)
        for _ in range(steps):
            h = nn.functional.leaky_relu(self.cell(h), 0.9)
        return self.dec(h)


class Learner:
    def __init__(self):
        self.net = Rollout(16)
        self.opt = torch.optim.RMSprop(self.net.parameters(), lr=1e-4)

    def fit(self, loader):
        for x, y in loader:
            self.opt.zero_grad()
            loss = nn.functional.mse_loss(self.net(x), y)
            loss.backward()
            self.opt.step()  # coach-line: exploding-gradients


data = TensorDataset(torch.randn(64, 4), torch.randn(64, 1))
Learner().fit(DataLoader(data, batch_size=16))
