import gradbook as torch
from gradbook import nn

model, x, y = nn.Linear(3, 1), torch.randn(16, 3), torch.randn(16, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)  # coach: stale-object; fix: scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
for phase in range(2):
    for epoch in range(3):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
        scheduler.step()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
