import gradbook as torch
from gradbook import nn


class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(6, 16)
        self.b = nn.Linear(16, 3)

    def forward(self, x):
        return self.b(torch.sigmoid(self.a(x) * 0.01) * 0.01)


net = Gate()
opt = torch.optim.SGD(net.parameters(), lr=1e-3)  # coach: loss-plateau; fix: lr=0.01
x, y = torch.randn(90, 6), torch.arange(90) % 3
for epoch in range(50):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    opt.step()  # coach-also: constant-predictions, update-ratio-low
