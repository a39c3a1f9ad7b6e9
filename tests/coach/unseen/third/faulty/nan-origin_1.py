"""Batch-hard triplet embedding of five noisy prototypes."""
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(2)
CLASSES, DIM = 5, 12
centres = torch.randn(CLASSES, DIM)


def draw(per_class=6):
    labels = torch.arange(CLASSES).repeat_interleave(per_class)
    x = centres[labels] + 0.7 * torch.randn(len(labels), DIM)
    order = torch.randperm(len(labels))
    return x[order], labels[order]


class Embedder(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(DIM, 48), nn.ReLU(), nn.Linear(48, 8))

    def forward(self, x):
        return F.normalize(self.trunk(x), dim=1)


def pairwise_distances(e):
    gram = e @ e.t()
    sq = gram.diagonal()
    d2 = sq.unsqueeze(1) - 2 * gram + sq.unsqueeze(0)
    d2 = d2.clamp(min=0)  # coach-line: nan-origin
    return torch.sqrt(d2)  # coach: nan-origin; fix: 1e-


def batch_hard(e, y, margin=0.3):
    d = pairwise_distances(e)
    same = y.unsqueeze(0) == y.unsqueeze(1)
    eye = torch.eye(len(y), dtype=torch.bool)
    hardest_pos = d.masked_fill(~same | eye, 0.0).max(dim=1).values
    hardest_neg = d.masked_fill(same, 10.0).min(dim=1).values
    return F.relu(hardest_pos - hardest_neg + margin).mean()


model = Embedder()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3)
for step in range(40):
    x, y = draw()
    loss = batch_hard(model(x), y)
    opt.zero_grad()
    loss.backward()  # coach-also: loss-diverged
    opt.step()
    if step % 8 == 0:
        print(step, loss.item())
