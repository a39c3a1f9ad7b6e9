"""Monte Carlo dropout: dropout stays active at prediction time to get an uncertainty."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(12)


def f(x):
    return torch.sin(1.5 * x) * 0.8


x_train = torch.rand(120, 1) * 4 - 2
y_train = f(x_train) + 0.05 * torch.randn(120, 1)
x_test = torch.linspace(-4, 4, 9).unsqueeze(1)

net = nn.Sequential(
    nn.Linear(1, 64), nn.ReLU(), nn.Dropout(0.1),
    nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.1),
    nn.Linear(64, 1),
)
opt = torch.optim.Adam(net.parameters(), lr=5e-3, weight_decay=1e-4)
net.train()
for step in range(80):
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(x_train), y_train)
    loss.backward()
    opt.step()
print("train mse", loss.item())

net.eval()
for m in net.modules():
    if isinstance(m, nn.Dropout):
        m.train()

with torch.no_grad():
    draws = torch.stack([net(x_test) for _ in range(30)])
mean, std = draws.mean(0), draws.std(0)
for xi, mi, si in zip(x_test.flatten().tolist(), mean.flatten().tolist(), std.flatten().tolist()):
    print(f"{xi:+.1f}: {mi:+.3f} +- {si:.3f}")
