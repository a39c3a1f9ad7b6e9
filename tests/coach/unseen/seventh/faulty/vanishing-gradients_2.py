import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(33)
N, D, H, C, LAYERS = 90, 10, 24, 3, 8
y = torch.arange(N) % C
x = torch.randn(N, D) + torch.randn(C, D)[y]
x = (x - x.mean(0)) / x.std(0)
e = torch.randint(0, N, (2, 500))
e = e[:, (y[e[0]] == y[e[1]]) | (torch.rand(500) < 0.15)]
loops = torch.arange(N).repeat(2, 1)
src, dst = torch.cat([e, e.flip(0), loops], 1)
deg = torch.zeros(N).index_add(0, dst, torch.ones(len(dst)))
norm = (deg[src] * deg[dst]).rsqrt().unsqueeze(1)


class GCNLayer(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.lin = nn.Linear(i, o)

    def forward(self, h):
        h = self.lin(h)
        return torch.zeros_like(h).index_add(0, dst, h[src] * norm)


class DeepGCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(D, H)
        self.convs = nn.ModuleList(GCNLayer(H, H) for _ in range(LAYERS))
        self.cls = nn.Linear(H, C)

    def forward(self, x):
        h = torch.sigmoid(self.inp(x))  # coach-line: vanishing-gradients
        for conv in self.convs:
            h = torch.sigmoid(conv(h))  # coach: vanishing-gradients; fix: relu(
        return self.cls(h)


train = torch.rand(N) < 0.7
net = DeepGCN()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(60):
    loss = F.cross_entropy(net(x)[train], y[train])
    opt.zero_grad()
    loss.backward()  # coach-also: loss-plateau
    opt.step()
    if epoch % 15 == 0:
        g0, g1 = net.inp.weight.grad.norm().item(), net.cls.weight.grad.norm().item()
        print(epoch, f"{loss.item():.4f}  |g_in| {g0:.1e} |g_out| {g1:.1e}")
