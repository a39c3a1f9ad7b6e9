import gradbook as torch
import gradbook.nn as nn

body, head = nn.Sequential(nn.Linear(6, 12), nn.Tanh()), nn.Linear(12, 1)
body.requires_grad_(False)
optimizer = torch.optim.SGD(head.parameters(), lr=0.05)
x = torch.randn(32, 6)
y = x.abs().sum(1, keepdim=True)
for epoch in range(12):
    if epoch == 6:
        body.requires_grad_(True)
        optimizer.add_param_group({"params": body.parameters(), "lr": 0.005})
    loss = nn.functional.mse_loss(head(body(x)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
