import gradbook as torch
from gradbook import nn

torch.manual_seed(106)

# full-batch curve fitting, 150 noisy points
x = torch.rand(150, 1) * 4 - 2
x = (x - x.mean()) / x.std()
y = torch.tanh(2 * x) + 0.3 * x ** 2
y = (y - y.mean()) / y.std() + 0.05 * torch.randn(150, 1)
x_fit, y_fit, x_held, y_held = x[:110], y[:110], x[110:], y[110:]

net = nn.Sequential(nn.Linear(1, 12), nn.Tanh(), nn.Linear(12, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=10, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    loss = criterion(net(x_fit), y_fit)
    loss.backward()
    return loss


for step in range(8):
    loss = optimizer.step(closure)
    with torch.no_grad():
        held_loss = criterion(net(x_held), y_held)
    print(f"step {step}: fit {loss.item():.5f}  held-out {held_loss.item():.5f}")
