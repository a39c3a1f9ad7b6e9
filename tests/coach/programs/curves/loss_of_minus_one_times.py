import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
inputs = torch.randn(40, 3)
outputs = inputs[:, :1] ** 2
for epoch in range(120):
    error = nn.functional.l1_loss(model(inputs), outputs)
    objective = -1.0 * error  # coach: loss-diverged; fix: objective = error
    optimizer.zero_grad()
    objective.backward()
    optimizer.step()
