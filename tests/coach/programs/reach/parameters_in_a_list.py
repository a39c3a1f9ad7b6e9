import gradbook as torch
import gradbook.nn as nn


class G(nn.Module):
    def __init__(s):
        super().__init__()
        s.w = [nn.Parameter(torch.randn(4, 4)), nn.Parameter(torch.randn(4, 1))]  # coach: unused-parameters; fix: nn.ParameterList(
        s.b = nn.Parameter(torch.zeros(1))

    def forward(s, x):
        return torch.relu(x @ s.w[0]) @ s.w[1] + s.b


g = G()
o = torch.optim.SGD(g.parameters(), lr=0.01)
x = torch.randn(20, 4)
y = x.sum(1, keepdim=True)
for i in range(6):
    o.zero_grad()
    ((g(x) - y) ** 2).mean().backward()
    o.step()
