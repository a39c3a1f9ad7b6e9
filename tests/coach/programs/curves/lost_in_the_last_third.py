import gradbook as torch
from gradbook import nn

torch.manual_seed(5)
x = torch.randn(640, 10)
y = x[:, 0] * x[:, 1] + torch.sin(2 * x[:, 2])
y = (y - y.mean()) / y.std()
net = nn.Sequential(nn.Linear(10, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.12, momentum=0.9)  # coach: learning-rate-too-high; fix: lr=0.01
for epoch in range(8):
    for rows in torch.randperm(640).split(32):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(x[rows]).squeeze(1), y[rows])
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: update-ratio-high, saturated-activation
