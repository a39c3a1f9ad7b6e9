import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
a, b = nn.Linear(6, 32), nn.Linear(32, 2)
opt = torch.optim.Adam([*a.parameters(), *b.parameters()], lr=1e-2)
x = torch.randn(80, 6)
y = (x[:, 0] * x[:, 1] > 0).long()
for i in range(40):
    z = a(x)
    soft = torch.tanh(z)
    code = soft + (torch.sign(z) - soft).detach()
    loss = nn.functional.cross_entropy(b(code), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
