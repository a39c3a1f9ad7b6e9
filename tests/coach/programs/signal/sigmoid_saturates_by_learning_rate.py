import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(6, 20), nn.Sigmoid(), nn.Linear(20, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=30.0)  # coach: saturated-activation; fix: lr=
x = torch.randn(60, 6)
y = x[:, :1] ** 2
for step in range(16):  # coach-also: learning-rate-too-high, loss-diverged, update-ratio-high
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
