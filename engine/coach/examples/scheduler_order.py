import gradbook as torch
from gradbook import nn

model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
x, y = torch.randn(32, 4), torch.randn(32, 1)
for epoch in range(5):
    scheduler.step()  # coach: scheduler-order; fix: scheduler.step()
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
