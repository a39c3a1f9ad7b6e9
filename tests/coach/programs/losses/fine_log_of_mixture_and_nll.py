import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

a, b, gate = nn.Linear(5, 3), nn.Linear(5, 3), nn.Linear(5, 1)
params = [*a.parameters(), *b.parameters(), *gate.parameters()]
opt = torch.optim.Adam(params, lr=1e-2)
x, y = torch.randn(50, 5), torch.randint(0, 3, (50,))
for _ in range(5):
    g = torch.sigmoid(gate(x))
    p = g * F.softmax(a(x), 1) + (1 - g) * F.softmax(b(x), 1)
    loss = F.nll_loss(torch.log(p + 1e-9), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
