import gradbook as torch
from gradbook import nn

torch.manual_seed(14)


def rmse(y_hat, y):
    return torch.sqrt(((y_hat - y) ** 2).mean())


t = torch.linspace(-2, 2, 120)
y = 0.5 * t ** 2 - t + 0.1 * torch.randn(120)
x = t.unsqueeze(1)

net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for i in range(50):
    optimizer.zero_grad()
    loss = rmse(net(x), y)  # coach: silent-broadcast
    loss.backward()
    optimizer.step()
    if i % 10 == 0:
        print(i, loss.item())
# coach-also: target-mismatch, loss-plateau, constant-predictions
