import gradbook as torch
import gradbook.nn as nn

experts = nn.ModuleList([nn.Linear(4, 1) for _ in range(3)])
gate = nn.Linear(4, 3)
optimizer = torch.optim.SGD([*experts.parameters(), *gate.parameters()], lr=0.1)
x = torch.randn(30, 4)
y = x[:, :1].clamp(min=0)
for step in range(10):
    weight, chosen = gate(x).softmax(1).max(dim=1)
    out = torch.zeros(30, 1)
    for k, expert in enumerate(experts):
        mask = chosen == k
        if mask.any():
            out[mask] = weight[mask, None] * expert(x[mask])
    loss = nn.functional.mse_loss(out, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
