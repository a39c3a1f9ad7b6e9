"""set_grad_enabled(False) for a validation, never switched on again."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.Adam(net.parameters())
x, y = torch.randn(30, 3), torch.randn(30, 1)
for epoch in range(3):
    for i in range(3):
        loss = nn.functional.mse_loss(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    torch.set_grad_enabled(False)  # coach: training-under-no-grad; fix: torch.set_grad_enabled(True)
    print(nn.functional.mse_loss(net(x), y).item())
