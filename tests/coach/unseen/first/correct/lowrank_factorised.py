import gradbook as torch
from gradbook import nn


class LowRank(nn.Module):
    """W = U V with a small rank; no non-linearity between the two factors."""

    def __init__(self, n_in, n_out, rank):
        super().__init__()
        self.V = nn.Linear(n_in, rank, bias=False)
        self.U = nn.Linear(rank, n_out)

    def forward(self, x):
        return self.U(self.V(x))


torch.manual_seed(15)
net = nn.Sequential(LowRank(30, 40, 6), nn.ReLU(), LowRank(40, 5, 3))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
W = torch.randn(30, 5)
for it in range(6):
    x = torch.randn(64, 30)
    y = (x @ W).argmax(dim=1)
    loss = nn.functional.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, loss.item())
