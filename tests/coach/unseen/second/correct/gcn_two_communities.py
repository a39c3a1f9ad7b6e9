"""Graph convolution on one graph (transductive): full batch, loss only on a few labelled nodes."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
n = 60
community = torch.arange(n) // 30
p = torch.where(community.unsqueeze(0) == community.unsqueeze(1), 0.25, 0.02)
upper = torch.triu((torch.rand(n, n) < p).float(), diagonal=1)
A = upper + upper.t() + torch.eye(n)
d = A.sum(1).rsqrt()
A_hat = d.unsqueeze(1) * A * d.unsqueeze(0)
X = torch.randn(n, 8) + 0.4 * (2.0 * community.float() - 1).unsqueeze(1)


class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1 = nn.Linear(8, 16)
        self.w2 = nn.Linear(16, 2)
        self.dropout = nn.Dropout(0.3)

    def forward(self, x, adj):
        h = F.relu(adj @ self.w1(x))
        return adj @ self.w2(self.dropout(h))


labelled = torch.cat([torch.arange(0, 6), torch.arange(30, 36)])
unseen = torch.ones(n, dtype=torch.bool)
unseen[labelled] = False
model = GCN()
opt = torch.optim.Adam(model.parameters(), lr=2e-2, weight_decay=5e-4)
for epoch in range(40):
    model.train()
    opt.zero_grad()
    out = model(X, A_hat)
    loss = F.cross_entropy(out[labelled], community[labelled])
    loss.backward()
    opt.step()
    if epoch % 10 == 0 or epoch == 39:
        model.eval()
        with torch.no_grad():
            acc = (model(X, A_hat).argmax(1) == community)[unseen].float().mean().item()
        print(epoch, f"loss {loss.item():.4f} unseen accuracy {acc:.3f}")
