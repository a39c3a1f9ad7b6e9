"""A running prototype is updated with the graph of the batch before."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

encoder = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 4))
optimizer = torch.optim.Adam(encoder.parameters(), lr=1e-3)
prototype = torch.zeros(4)
for batch in torch.randn(8, 16, 6):
    z = encoder(batch)
    prototype = 0.9 * prototype + 0.1 * z.mean(dim=0)  # coach: backward-twice; fix: prototype.detach()
    loss = F.mse_loss(z, prototype.expand_as(z)) + 0.1 * z.pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
