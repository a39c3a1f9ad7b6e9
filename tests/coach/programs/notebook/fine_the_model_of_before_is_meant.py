# %%
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(6)
x = torch.randn(200, 5)
y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).long()


def fit(net, steps=20):
    opt = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(steps):
        opt.zero_grad()
        F.cross_entropy(net(x[:150]), y[:150]).backward()
        opt.step()


# %%
model = nn.Sequential(nn.Linear(5, 24), nn.ReLU(), nn.Linear(24, 2))
fit(model)
# %%
def soft_targets(inputs, net=model, temperature=2.0):
    with torch.no_grad():
        return (net(inputs) / temperature).softmax(1)


def accuracy(net=model):
    with torch.no_grad():
        return (net(x[150:]).argmax(1) == y[150:]).float().mean().item()


def accuracy_before(net=model):
    with torch.no_grad():
        return (net(x[150:]).argmax(1) == y[150:]).float().mean().item()


# %%
# a student learns from the first one, which goes on living in the default
model = nn.Linear(5, 2)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(20):
    opt.zero_grad()
    F.kl_div(model(x[:150]).log_softmax(1), soft_targets(x[:150]), reduction="batchmean").backward()
    opt.step()
# %%
print("now", accuracy(model), "it was", accuracy(), accuracy_before())
