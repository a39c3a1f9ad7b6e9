import gradbook as torch
from gradbook import nn
# hand-rolled layers, all zeros
torch.manual_seed(56)
class MyLinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(o, i))  # coach: bad-init; fix: torch.randn(o, i)
        self.bias = nn.Parameter(torch.zeros(o))
    def forward(self, x):
        return x @ self.weight.t() + self.bias
model = nn.Sequential(MyLinear(4, 16), nn.Tanh(), MyLinear(16, 1))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
crit = nn.MSELoss()
for it in range(30):
    x = torch.randn(50, 4)
    y = torch.sin(x[:, :1])
    opt.zero_grad()
    loss = crit(model(x), y)
    loss.backward()
    opt.step()
    if it % 10 == 0:
        print(it, loss.item())
# coach-also: constant-predictions, loss-plateau, degenerate-activation, vanishing-gradients, stale-optimizer
