import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
x, y = torch.randn(32, 16), torch.randn(32, 1)
seen = []
for step in range(8):
    hidden = model[:2](x)
    loss = nn.functional.mse_loss(model[2](hidden), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    seen.append(hidden.detach())  # coach: memory-growth; fix: seen.append(hidden.mean().item())
