"""CosineAnnealingLR stepped once an epoch, after the optimizer."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
EPOCHS = 10
x = torch.randn(200, 7)
y = torch.tanh(x @ torch.randn(7, 2))

net = nn.Sequential(nn.Linear(7, 24), nn.ELU(), nn.Linear(24, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS, eta_min=1e-4)

for epoch in range(EPOCHS):
    total = 0.0
    for idx in torch.randperm(len(x)).split(25):
        loss = F.mse_loss(net(x[idx]), y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    lr = scheduler.get_last_lr()[0]
    scheduler.step()
    print(f"epoch {epoch} lr {lr:.4f} loss {total / 8:.5f}")
