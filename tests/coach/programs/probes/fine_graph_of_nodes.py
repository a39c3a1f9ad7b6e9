import gradbook as torch
import gradbook.nn as nn


class PairNorm(nn.Module):
    def forward(self, x):
        x = x - x.mean(dim=0)
        return x / (x.pow(2).sum(1).mean() + 1e-6).sqrt()


class GCN(nn.Module):
    def __init__(self, n_in, hidden, classes):
        super().__init__()
        self.a, self.b, self.norm = nn.Linear(n_in, hidden), nn.Linear(hidden, classes), PairNorm()

    def forward(self, x, adjacency):
        h = torch.relu(self.norm(adjacency @ self.a(x)))
        return adjacency @ self.b(h)


torch.manual_seed(2)
nodes = 30
adjacency = (torch.rand(nodes, nodes) < 0.15).float() + torch.eye(nodes)
adjacency = adjacency / adjacency.sum(1, keepdim=True)
features, labels = torch.randn(nodes, 5), torch.randint(0, 3, (nodes,))
known = torch.rand(nodes) < 0.5
gcn = GCN(5, 16, 3)
opt = torch.optim.Adam(gcn.parameters(), lr=0.01)
for epoch in range(12):
    out = gcn(features, adjacency)
    loss = nn.functional.cross_entropy(out[known], labels[known])
    opt.zero_grad()
    loss.backward()
    opt.step()
