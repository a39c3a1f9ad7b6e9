# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(50, 3), torch.randn(50, 1)


def fit(net, steps=8):
    opt = torch.optim.SGD(net.parameters(), lr=0.02)
    for _ in range(steps):
        loss = nn.functional.mse_loss(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    return loss.item()


# %% [2]
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 16), nn.Linear(16, 1)

    def forward(self, x):
        return self.b(torch.relu(self.a(x)))


# %% [3]
with_relu = Net()
fit(with_relu)


# %% [2] rerun
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 16), nn.Linear(16, 1)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x)))


# %% [4]
with_tanh = Net()
print(fit(with_tanh), fit(with_relu))
