import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class TwoTower(nn.Module):
    """Scores a user against an item by the dot product of their embeddings."""

    def __init__(self, users, items, dim=16):
        super().__init__()
        self.user = nn.Embedding(users, dim)
        self.item = nn.Embedding(items, dim)
        self.user_proj = nn.Linear(dim, dim)
        self.item_proj = nn.Linear(dim, dim)

    def forward(self, u, i):
        a = self.user_proj(self.user(u))
        b = self.item_proj(self.item(i))
        return (a * b).sum(-1) / a.shape[-1] ** 0.5


def interactions(users=40, items=30, n=1200):
    p, q = torch.randn(users, 4), torch.randn(items, 4)
    u = torch.randint(0, users, (n,))
    i = torch.randint(0, items, (n,))
    clicked = ((p[u] * q[i]).sum(-1) > 0).float()
    return TensorDataset(u, i, clicked)


class Runner:
    def __init__(self, net, lr=5e-3, max_norm=2.0):
        self.net = net
        self.opt = torch.optim.AdamW(net.parameters(), lr=lr, weight_decay=1e-4)
        self.max_norm = max_norm

    def update(self, loss):
        loss.backward()
        self.opt.zero_grad(set_to_none=False)  # coach: optimizer-call-order; fix: zero_grad(
        nn.utils.clip_grad_norm_(self.net.parameters(), self.max_norm)
        self.opt.step()  # coach-also: loss-plateau

    def fit(self, loader, epochs):
        self.net.train()
        for ep in range(epochs):
            total, seen = 0.0, 0
            for u, i, clicked in loader:
                loss = F.binary_cross_entropy_with_logits(self.net(u, i), clicked)
                self.update(loss)
                total += loss.item() * len(u)
                seen += len(u)
            print(f"ep {ep}: bce {total / seen:.4f}")


torch.manual_seed(5)
data = interactions()
runner = Runner(TwoTower(40, 30))
runner.fit(DataLoader(data, batch_size=100, shuffle=True), epochs=5)
