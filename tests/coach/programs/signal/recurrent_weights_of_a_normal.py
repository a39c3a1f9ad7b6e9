"""A recurrent network by hand whose state doubles on its way through the sequence."""

import gradbook as torch
from gradbook import nn, optim

torch.manual_seed(0)
inward = nn.Parameter(torch.randn(2, 40) * 0.5)
around = nn.Parameter(torch.randn(40, 40) * 0.32)  # coach: exploding-gradients; fix: torch.randn(40, 40) * 0.16
outward = nn.Linear(40, 1)
adam = optim.Adam([inward, around, *outward.parameters()], lr=2e-3)

for _ in range(15):  # coach-also: bad-init, suspicious-initial-loss, update-ratio-high
    series = torch.randn(24, 30, 2)
    state = torch.zeros(24, 40)
    for moment in series.unbind(1):
        state = (moment @ inward + state @ around).clamp(min=0)
    loss = nn.functional.mse_loss(outward(state), series.mean((1, 2)).unsqueeze(1))
    adam.zero_grad()
    loss.backward()
    adam.step()
