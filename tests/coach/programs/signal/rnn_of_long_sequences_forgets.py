import gradbook as torch
from gradbook import nn


class Memory(nn.Module):
    def __init__(self):
        super().__init__()
        self.i = nn.Linear(2, 16)
        self.h = nn.Linear(16, 16, bias=False)
        nn.init.normal_(self.h.weight, std=0.02)  # coach: vanishing-gradients
        self.o = nn.Linear(16, 2)

    def forward(self, x):
        h = torch.tanh(self.i(x[:, 0]))
        for t in range(1, 20):
            h = torch.tanh(self.h(h))
        return self.o(h)


torch.manual_seed(0)
net = Memory()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(12):
    x = torch.randn(32, 1, 2)
    y = (x[:, 0, 0] > 0).long()
    loss = nn.functional.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: constant-predictions, loss-plateau, degenerate-activation, bad-init
