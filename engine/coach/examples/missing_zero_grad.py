import gradbook as torch
from gradbook import nn

model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x, y = torch.randn(32, 3), torch.randn(32, 1)
for step in range(5):
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()  # coach: missing-zero-grad; fix: optimizer.zero_grad()
    optimizer.step()
