"""Recurrent net by hand: follow a noisy signal and report its smoothed last value."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(5)
STEPS, HIDDEN, BATCH = 50, 32, 32


def signal_batch(n):
    drift = torch.randn(n, STEPS).cumsum(dim=1)
    drift = (drift - drift.mean(dim=1, keepdim=True)) / drift.std(dim=1, keepdim=True)
    target = drift[:, -3:].mean(dim=1, keepdim=True)
    return drift + 0.1 * torch.randn(n, STEPS), target


class HandMadeRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.W_xh = nn.Parameter(torch.randn(1, HIDDEN) * 0.5)
        self.W_hh = nn.Parameter(torch.randn(HIDDEN, HIDDEN) * 0.4)  # coach-line: exploding-gradients
        self.b_h = nn.Parameter(torch.zeros(HIDDEN))
        self.readout = nn.Linear(HIDDEN, 1)

    def forward(self, seq):
        h = torch.zeros(seq.size(0), HIDDEN)
        for t in range(seq.size(1)):
            h = torch.tanh(seq[:, t:t + 1] @ self.W_xh + h @ self.W_hh + self.b_h)
        return self.readout(h)


net = HandMadeRNN()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for it in range(80):
    seq, target = signal_batch(BATCH)
    optimizer.zero_grad()
    loss = F.mse_loss(net(seq), target)
    loss.backward()  # coach: exploding-gradients; fix: clip_grad_norm_(
    norm = torch.sqrt(sum((p.grad ** 2).sum() for p in net.parameters())).item()
    optimizer.step()  # coach-line: exploding-gradients
    if it % 8 == 0:  # coach-also: bad-init
        print(it, "loss", round(loss.item(), 4), "gradient norm", round(norm, 2))
