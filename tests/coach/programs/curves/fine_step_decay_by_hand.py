import gradbook as torch
from gradbook import nn

model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
unused = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
x, y = torch.randn(20, 3), torch.randn(20, 1)
for epoch in range(3):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
for epoch in range(4):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
    unused.step()
