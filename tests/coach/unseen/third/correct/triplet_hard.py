"""Batch-hard triplet mining with P x K sampling (batches are grouped by class on purpose)."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(64)
P, K, D = 6, 5, 10
prototypes = torch.randn(12, D)


def pk_batch():
    chosen = torch.randperm(12)[:P]
    y = chosen.repeat_interleave(K)
    return prototypes[y] + 0.4 * torch.randn(P * K, D), y


def distance_matrix(e):
    diff = e[:, None, :] - e[None, :, :]
    return (diff.square().sum(-1) + 1e-9).sqrt()


class TripletHard(nn.Module):
    def __init__(self, margin=0.4):
        super().__init__()
        self.margin = margin

    def forward(self, emb, y):
        dist = distance_matrix(emb)
        same = y[:, None] == y[None, :]
        pos = torch.where(same, dist, torch.zeros_like(dist)).amax(dim=1)
        neg = torch.where(same, torch.full_like(dist, 1e3), dist).amin(dim=1)
        loss = F.softplus(5.0 * (pos - neg + self.margin)) / 5.0
        return loss.mean(), (pos < neg).float().mean()


model = nn.Sequential(nn.Linear(D, 64), nn.LayerNorm(64), nn.ReLU(), nn.Linear(64, 6))
loss_fn = TripletHard()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.StepLR(opt, step_size=60, gamma=0.3)

for step in range(1, 151):
    x, y = pk_batch()
    loss, frac_ok = loss_fn(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    scheduler.step()
    if step % 30 == 0:
        print(f"step {step:3d} loss {loss.item():.4f} correctly ordered {frac_ok.item():.2f}")
