import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(108)
N, D, C = 120, 16, 4
y = torch.arange(N) % C
x = torch.randn(N, D) + 0.6 * torch.randn(C, D)[y]
x = (x - x.mean(0)) / x.std(0)
e = torch.randint(0, N, (2, 1200))
e = e[:, (y[e[0]] == y[e[1]]) | (torch.rand(1200) < 0.1)]
loop = torch.arange(N)
src = torch.cat([e[0], e[1], loop])
dst = torch.cat([e[1], e[0], loop])


class GATLayer(nn.Module):
    def __init__(self, i, o, heads):
        super().__init__()
        self.h, self.o = heads, o
        self.w = nn.Linear(i, heads * o, bias=False)
        self.a_src = nn.Parameter(torch.randn(heads, o) / o ** 0.5)
        self.a_dst = nn.Parameter(torch.randn(heads, o) / o ** 0.5)

    def forward(self, x):
        z = self.w(x).view(-1, self.h, self.o)
        s = F.leaky_relu((z * self.a_src).sum(-1)[src] + (z * self.a_dst).sum(-1)[dst], 0.2)
        w = (s - s.max().detach()).exp()
        denom = torch.zeros(N, self.h).index_add(0, dst, w)
        alpha = F.dropout(w / denom[dst], 0.2, self.training)
        out = torch.zeros(N, self.h, self.o).index_add(0, dst, alpha.unsqueeze(-1) * z[src])
        return out


class GAT(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = GATLayer(D, 8, 4), GATLayer(32, C, 2)

    def forward(self, x):
        h = F.elu(self.l1(F.dropout(x, 0.3, self.training)).flatten(1))
        return self.l2(F.dropout(h, 0.3, self.training)).mean(1)


order = torch.randperm(N)
train, val, test = order[:60], order[60:90], order[90:]
net = GAT()
opt = torch.optim.Adam(net.parameters(), lr=5e-3, weight_decay=5e-4)
best, best_state, wait = 0.0, None, 0
for epoch in range(80):
    net.train()
    opt.zero_grad()
    loss = F.cross_entropy(net(x)[train], y[train])
    loss.backward()
    opt.step()
    net.eval()
    with torch.no_grad():
        acc = (net(x)[val].argmax(1) == y[val]).float().mean().item()
    if acc > best:
        best, wait = acc, 0
        best_state = {k: v.clone() for k, v in net.state_dict().items()}
    else:
        wait += 1
        if wait == 25:
            break
net.load_state_dict(best_state)
net.eval()
with torch.no_grad():
    print("stopped", epoch, "val", round(best, 3), "test", (net(x)[test].argmax(1) == y[test]).float().mean().item())
