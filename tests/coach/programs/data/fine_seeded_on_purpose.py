"""Seeds inside of loops: of each epoch's order, of a split that is drawn again, of a closure, of noise to look at."""

import gradbook as torch
from gradbook import nn
from gradbook.nn import functional as F

torch.manual_seed(0)
x = torch.randn(200, 3)
y = x[:, :1] - x[:, 1:2] ** 2


def network():
    return nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Dropout(0.1), nn.Linear(16, 1))


# the same order of batches in each epoch
net = network()
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for epoch in range(4):
    torch.manual_seed(1)
    order = torch.randperm(200)
    for i in range(0, 200, 40):
        rows = order[i : i + 40]
        opt.zero_grad()
        F.mse_loss(net(x[rows]), y[rows]).backward()
        opt.step()


# one split for all steps, drawn again by whoever asks for it
def split():
    torch.manual_seed(7)
    order = torch.randperm(200)
    return order[:150], order[150:]


net = network()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for step in range(8):
    train, held_out = split()
    opt.zero_grad()
    F.mse_loss(net(x[train]), y[train]).backward()
    opt.step()
    net.eval()
    with torch.no_grad():
        F.mse_loss(net(x[held_out]), y[held_out]).item()
    net.train()

# a seed of its own for each step, so that any of them can be done again
net = network()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for step in range(8):
    torch.manual_seed(100 + step)
    rows = torch.randint(0, 200, (32,))
    opt.zero_grad()
    F.mse_loss(net(x[rows]), y[rows]).backward()
    opt.step()

# what LBFGS asks several times must be the same each time
net = network()
opt = torch.optim.LBFGS(net.parameters(), max_iter=4)


def closure():
    torch.manual_seed(3)  # the same batch, the same dropout
    rows = torch.randperm(200)[:64]
    opt.zero_grad()
    loss = F.mse_loss(net(x[rows]), y[rows])
    loss.backward()
    return loss


for step in range(6):
    opt.step(closure)

# noise to look at, always the same
decoder = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3))
opt = torch.optim.Adam(decoder.parameters(), lr=0.01)
for step in range(8):
    z = torch.randn(20, 2)
    opt.zero_grad()
    (decoder(z) - x[torch.randint(0, 200, (20,))]).pow(2).mean().backward()
    opt.step()
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(5)
        print(decoder(torch.randn(200, 2)[torch.randint(0, 200, (4,))]).mean().item())
