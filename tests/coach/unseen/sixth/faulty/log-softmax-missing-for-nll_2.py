"""Graph-convolution classifier (Kipf & Welling flavour) on a random dense block graph."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(17)
N, K, D = 120, 3, 10
labels = torch.arange(N) % K
same = labels[:, None] == labels[None, :]
adj = (torch.rand(N, N) < torch.where(same, torch.tensor(0.25), torch.tensor(0.03))).float()
adj = ((adj + adj.T) > 0).float() + torch.eye(N)
dinv = adj.sum(1).rsqrt()
A = dinv[:, None] * adj * dinv[None, :]
X = F.one_hot(labels, K).float() @ torch.randn(K, D) + 1.5 * torch.randn(N, D)
X = (X - X.mean(0)) / X.std(0)


class GCN(nn.Module):
    def __init__(self, hid=24):
        super().__init__()
        self.w1 = nn.Linear(D, hid, bias=False)
        self.w2 = nn.Linear(hid, K, bias=False)

    def forward(self, a, x):
        h = F.relu(a @ self.w1(x))
        return F.softmax(a @ self.w2(h), dim=1)  # coach: log-softmax-missing-for-nll; fix: log_softmax(


perm = torch.randperm(N)
train = perm[:80]
net = GCN()
opt = torch.optim.Adam(net.parameters(), lr=1e-2, weight_decay=5e-4)
for epoch in range(50):
    pick = train[torch.randperm(80)[:40]]
    out = net(A, X)
    loss = F.nll_loss(out[pick], labels[pick])  # coach-line: log-softmax-missing-for-nll
    opt.zero_grad()
    loss.backward()
    opt.step()
    if epoch % 10 == 0:
        print(epoch, round(loss.item(), 4))
