from dataclasses import dataclass

import gradbook as torch
from gradbook import nn


@dataclass
class Config:
    seed: int = 42
    n_users: int = 120
    n_items: int = 80
    dim: int = 8
    batch_size: int = 128
    steps: int = 60
    lr: float = 5e-3


class MatrixFactorisation(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.users = nn.Embedding(cfg.n_users, cfg.dim)
        self.items = nn.Embedding(cfg.n_items, cfg.dim)
        nn.init.normal_(self.users.weight, std=0.3)
        nn.init.normal_(self.items.weight, std=0.3)

    def forward(self, u, i):
        return (self.users(u) * self.items(i)).sum(dim=1)


def ratings_log(cfg, n=6000):
    u = torch.randint(0, cfg.n_users, (n,))
    i = torch.randint(0, cfg.n_items, (n,))
    taste, traits = torch.randn(cfg.n_users, 3), torch.randn(cfg.n_items, 3)
    r = (taste[u] * traits[i]).sum(1) + 0.1 * torch.randn(n)
    return u, i, (r - r.mean()) / r.std()


def sample_batch(log, cfg):
    gen = torch.Generator().manual_seed(cfg.seed)  # coach: repeated-batch
    idx = torch.randint(0, len(log[0]), (cfg.batch_size,), generator=gen)  # coach-line: repeated-batch
    return [column[idx] for column in log]


def train(cfg):
    torch.manual_seed(cfg.seed)
    log = ratings_log(cfg)
    model = MatrixFactorisation(cfg)
    opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    mse = nn.MSELoss()
    for step in range(cfg.steps):
        u, i, r = sample_batch(log, cfg)
        opt.zero_grad()
        loss = mse(model(u, i), r)
        loss.backward()
        opt.step()
        if step % 10 == 9:
            print(f"step {step + 1}: mse {loss.item():.4f}")
    return model


train(Config())
