import gradbook as torch
from gradbook import nn

model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(32, 4), torch.randn(32)
for step in range(5):
    loss = nn.functional.mse_loss(model(x), y)  # coach: target-mismatch; fix: loss = nn.functional.mse_loss(model(x).squeeze(1), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
