"""A penalty per parameter group is stacked and added to the loss: two numbers go backward."""

import gradbook as torch
import gradbook.nn as nn

model = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1))
optimizer = torch.optim.Adam(model.parameters())
for _ in range(3):
    x = torch.randn(8, 3)
    mse = nn.functional.mse_loss(model(x).squeeze(), x[:, 0])
    norms = torch.stack([model[0].weight.norm(), model[2].weight.norm()])
    optimizer.zero_grad()
    (mse + 0.01 * norms).backward()  # coach: non-scalar-backward; fix: (mse + 0.01 * norms).mean().backward()
    optimizer.step()
