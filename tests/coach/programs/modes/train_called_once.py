import gradbook as torch
from gradbook import nn

net = nn.Sequential(nn.Linear(3, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
loss_fn = nn.MSELoss()
x_train, x_test = torch.randn(48, 3), torch.randn(16, 3)
y_train, y_test = x_train.prod(1, keepdim=True), x_test.prod(1, keepdim=True)

net.train()
for epoch in range(6):
    opt.zero_grad()
    loss = loss_fn(net(x_train), y_train)
    loss.backward()
    opt.step()

    net.eval()  # coach: train-mode-not-restored; fix: net.train()
    with torch.no_grad():
        test_loss = loss_fn(net(x_test), y_test)
    print(epoch, loss.item(), test_loss.item())
