import gradbook as torch
from gradbook import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(4)
t = torch.linspace(-2, 2, 60).unsqueeze(1)
y = torch.sin(2 * t) + 0.3 * t

net = nn.Sequential(nn.Linear(1, 12), nn.Tanh(), nn.Linear(12, 1))
opt = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=10, line_search_fn="strong_wolfe")
mse = nn.MSELoss()


def closure():
    opt.zero_grad()
    loss = mse(net(t), y)
    loss.backward()
    return loss


for it in range(6):
    loss = opt.step(closure)
    print(it, float(loss))
