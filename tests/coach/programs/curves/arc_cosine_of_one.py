import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
net = nn.Linear(3, 3)
opt = torch.optim.SGD(net.parameters(), lr=0.01)
a = nn.functional.normalize(torch.randn(20, 3), dim=1)


def angle(u, v):
    u = u / u.norm(dim=1, keepdim=True)
    v = v / v.norm(dim=1, keepdim=True)
    return torch.acos((u * v).sum(1) * 1.0001)  # coach: nan-origin; fix: clamp(


for _ in range(4):
    out = net(a)
    loss = angle(out, out.detach()).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
