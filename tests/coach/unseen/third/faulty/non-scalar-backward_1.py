# linear and polynomial regression from scratch with autograd, step 4: let a network do it
import gradbook as torch
from gradbook import nn

torch.manual_seed(24)

x = torch.linspace(-1.7, 1.7, 200).unsqueeze(1)
y = x ** 3 - x + 0.1 * torch.randn(200, 1)
y = y / y.std()

net = nn.Sequential(nn.Linear(1, 20), nn.Tanh(), nn.Linear(20, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
batch_size = 25


def squared_loss(y_hat, y):
    return (y_hat - y) ** 2 / 2  # coach: non-scalar-backward; fix: mean()


for epoch in range(30):
    order = torch.randperm(len(x))
    total = 0.0
    for start in range(0, len(x), batch_size):
        pick = order[start:start + batch_size]
        loss = squared_loss(net(x[pick]), y[pick])  # coach-line: non-scalar-backward
        opt.zero_grad()
        loss.backward()  # coach-line: non-scalar-backward
        opt.step()
        total += loss.item() * len(pick)
    if epoch % 5 == 0:
        print("epoch", epoch, "loss", total / len(x))
