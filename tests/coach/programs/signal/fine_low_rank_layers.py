import gradbook as torch
from gradbook import nn


class LowRank(nn.Module):
    """W = U V, of rank r."""

    def __init__(self, n_in, n_out, r):
        super().__init__()
        self.v = nn.Linear(n_in, r, bias=False)
        self.u = nn.Linear(r, n_out)

    def forward(self, x):
        return self.u(self.v(x))


net = nn.Sequential(LowRank(40, 40, 6), nn.GELU(), LowRank(40, 12, 6))
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
inputs, labels = torch.randn(64, 40), torch.randint(0, 12, (64,))
for epoch in range(5):
    optimizer.zero_grad()
    nn.CrossEntropyLoss()(net(inputs), labels).backward()
    optimizer.step()
