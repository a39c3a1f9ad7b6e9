import gradbook as torch
from gradbook import nn

torch.manual_seed(5)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)  # coach: loss-plateau; fix: lr=0.001
for step in range(60):
    x = torch.randn(64, 4)
    y = torch.randn(64, 1)
    loss = nn.functional.mse_loss(model(x) * 0.1, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
