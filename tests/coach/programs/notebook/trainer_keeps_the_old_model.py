# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
y = x @ torch.tensor([[1.0], [-2.0], [0.5], [0.0]])


class Trainer:
    def __init__(self, net, lr=0.05):
        self.net = net
        self.opt = torch.optim.SGD(net.parameters(), lr=lr)

    def fit(self, epochs):
        for epoch in range(epochs):
            self.opt.zero_grad()
            loss = nn.functional.mse_loss(self.net(x), y)
            loss.backward()
            self.opt.step()
        return loss.item()


# %% [2]
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
# %% [3]
trainer = Trainer(model)  # coach: stale-object; fix: trainer = Trainer(model)
# %% [4]
print(trainer.fit(10))
# %% [2] rerun
model = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 1))
# %% [4] rerun
