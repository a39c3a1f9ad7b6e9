# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = (x ** 2).sum(1, keepdim=True)
trainers = {}


class Trainer:
    def __init__(self, net):
        self.net = net
        self.opt = torch.optim.Adam(net.parameters(), lr=0.01)

    def fit(self, epochs):
        for epoch in range(epochs):
            self.opt.zero_grad()
            loss = nn.functional.mse_loss(self.net(x), y)
            loss.backward()
            self.opt.step()

    def error(self):
        self.net.eval()
        with torch.no_grad():
            return nn.functional.mse_loss(self.net(x), y).item()


# %% [2]
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
# %% [3]
trainers[model[0].out_features] = Trainer(model)
# %% [4]
trainers[model[0].out_features].fit(8)
# %% [2] rerun
model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
# %% [3] rerun
# %% [4] rerun
# %% [5]
print({width: trainer.error() for width, trainer in trainers.items()})
