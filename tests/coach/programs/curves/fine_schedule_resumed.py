import gradbook as torch
from gradbook import nn

start_epoch = 3
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2)
for _ in range(start_epoch):
    scheduler.step()
x, y = torch.randn(20, 3), torch.randn(20, 1)
for epoch in range(start_epoch, 8):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
    scheduler.step()
