import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.randn(120, 3), torch.randn(120, 1)), batch_size=2, shuffle=True)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
restarts = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=len(loader))
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
        restarts.step()

start_epoch = 1
again = torch.optim.SGD(model.parameters(), lr=0.02)
schedule = torch.optim.lr_scheduler.StepLR(again, step_size=2)
for _ in range(start_epoch):
    schedule.step()
for epoch in range(start_epoch, 4):
    for x, y in loader:
        again.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        again.step()
    schedule.step()
