import gradbook as torch
from gradbook import nn

torch.manual_seed(1)
gate, value, out = nn.Linear(5, 10), nn.Linear(5, 10), nn.Linear(10, 2)
opt = torch.optim.SGD([*gate.parameters(), *value.parameters(), *out.parameters()], lr=0.1)
x = torch.randn(64, 5)
y = (x[:, 0] > 0).long()


def hard(p):
    bits = (p > 0.5).float()
    return p.detach() + (bits - p)  # coach: wrong-gradient; fix: p + (bits - p).detach()


for _ in range(12):
    h = hard(torch.sigmoid(gate(x))) * value(x)
    loss = nn.functional.cross_entropy(out(h), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
