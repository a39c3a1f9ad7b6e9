"""Contrastive predictive coding on 1-D signals: conv encoder, GRU context, predict the next code."""
import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(9)


def signals(n, length=64):
    t = torch.arange(length).float()
    f = 0.05 + 0.4 * torch.rand(n, 1)
    ph = 2 * math.pi * torch.rand(n, 1)
    return (1.4 * torch.sin(f * t + ph) + 0.1 * torch.randn(n, length)).unsqueeze(1)


class CPC(nn.Module):
    def __init__(self, z_dim=16, c_dim=24):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv1d(1, 16, kernel_size=4, stride=4), nn.ReLU(),
            nn.Conv1d(16, z_dim, kernel_size=2, stride=2),
        )
        self.context = nn.GRU(z_dim, c_dim)
        self.predict = nn.Linear(c_dim, z_dim)

    def forward(self, x):
        z = self.encoder(x)
        n, c, t = z.shape
        seq = z.view(t, n, c)  # coach: batch-axis-mixed; fix: permute(2, 0, 1)
        ctx, _ = self.context(seq[:-1])
        guess = self.predict(ctx)
        future = seq[1:]
        logits = torch.einsum("tnc,tmc->tnm", guess, future)
        labels = torch.arange(n).expand(t - 1, n)
        return F.cross_entropy(logits.flatten(0, 1), labels.flatten())


model = CPC()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
running = None
for it in range(120):
    loss = model(signals(32))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    running = loss.item() if running is None else 0.9 * running + 0.1 * loss.item()
    if it % 20 == 19:
        print(f"iter {it + 1}: InfoNCE {running:.3f}")
