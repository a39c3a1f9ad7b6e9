import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(27)
N, D, C = 48, 12, 3
y = torch.arange(N) % C
x = torch.randn(N, D) + 0.8 * torch.randn(C, D)[y]
x = (x - x.mean(0)) / x.std(0)
src, dst = torch.randint(0, N, (2, 150))
ok = (src != dst) & ((y[src] == y[dst]) | (torch.rand(150) < 0.2))
src, dst = src[ok], dst[ok]
src, dst = torch.cat([src, dst]), torch.cat([dst, src])
perm = torch.randperm(N)
train_idx, test_idx = perm[:32], perm[32:]


class MeanConv(nn.Module):
    def __init__(self, din, dout):
        super().__init__()
        self.lin_self = nn.Linear(din, dout)
        self.lin_nbr = nn.Linear(din, dout, bias=False)

    def forward(self, h):
        msg = torch.zeros_like(h).index_add(0, dst, h[src])
        cnt = torch.zeros(h.shape[0]).index_add(0, dst, torch.ones(len(dst)))  # coach-line: nan-origin
        mean = msg / cnt.unsqueeze(1)  # coach: nan-origin; fix: .clamp(min=1)
        return self.lin_self(h) + self.lin_nbr(mean)


class GNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = MeanConv(D, 24), MeanConv(24, C)

    def forward(self, x):
        return self.conv2(F.relu(self.conv1(x)))


gnn = GNN()
opt = torch.optim.Adam(gnn.parameters(), lr=1e-2, weight_decay=5e-4)
for epoch in range(20):
    gnn.train()
    opt.zero_grad()
    loss = F.cross_entropy(gnn(x)[train_idx], y[train_idx])
    loss.backward()  # coach-also: loss-diverged
    opt.step()
    if epoch % 5 == 0:
        gnn.eval()
        with torch.no_grad():
            acc = (gnn(x)[test_idx].argmax(1) == y[test_idx]).float().mean().item()
        print(f"{epoch:3d} loss {loss.item():.3f} test acc {acc:.3f}")
