"""Fit a small network with Adam first and polish it with L-BFGS in full batch."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.linspace(-1, 1, 64).unsqueeze(1)
y = torch.sin(3.0 * x) + 0.3 * x
net = nn.Sequential(nn.Linear(1, 20), nn.Tanh(), nn.Linear(20, 1))
mse = nn.MSELoss()

adam = torch.optim.Adam(net.parameters(), lr=1e-2)
for i in range(80):
    adam.zero_grad()
    loss = mse(net(x), y)
    loss.backward()
    adam.step()
print("after adam ", loss.item())

lbfgs = torch.optim.LBFGS(net.parameters(), max_iter=20, history_size=10, line_search_fn="strong_wolfe")


def closure():
    lbfgs.zero_grad()
    objective = mse(net(x), y)
    objective.backward()
    return objective


for i in range(3):
    value = lbfgs.step(closure)
with torch.no_grad():
    print("after lbfgs", mse(net(x), y).item())
