import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.randn(240, 4), torch.randn(240, 1))
train_loader = DataLoader(data, batch_size=4, shuffle=True)
net = nn.Linear(4, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
lr_schedule = torch.optim.lr_scheduler.StepLR(opt, step_size=10, gamma=0.1)
for epoch in range(3):
    for x, y in train_loader:
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        opt.step()
        lr_schedule.step()  # coach: scheduler-order; fix: lr_schedule.step()
