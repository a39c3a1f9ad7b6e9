import gradbook as torch
from gradbook import nn


class Value(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        self.head = nn.Linear(32, 3)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x):
        return self.head(self.body(x))


model = Value()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
x, y = torch.randn(64, 6), torch.randint(0, 3, (64,))
for _ in range(8):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    opt.step()

flow = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 6))
flow[-1].weight.data.zero_()
flow[-1].bias.data.zero_()
opt2 = torch.optim.SGD(flow.parameters(), lr=1e-2)
for _ in range(8):
    z = torch.randn(64, 3)
    shift, log_scale = flow(z).chunk(2, dim=1)
    out = z * torch.exp(log_scale) + shift
    loss = ((out - 1) ** 2).mean() - log_scale.mean()
    opt2.zero_grad()
    loss.backward()
    opt2.step()
