import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(200, 5); y = (X[:, :1] - X[:, 1:2])
net = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
scheduler = torch.optim.lr_scheduler.StepLR(opt, step_size=2, gamma=0.5)
for epoch in range(6):
    scheduler.step()  # coach: scheduler-order; fix: scheduler.step()
    for a, b in DataLoader(TensorDataset(X, y), batch_size=40, shuffle=True):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(a), b)
        loss.backward()
        opt.step()
    print(epoch, scheduler.get_last_lr()[0], loss.item())
