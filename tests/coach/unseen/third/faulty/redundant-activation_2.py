# Node classification on a small citation-like graph, dense adjacency, whole graph per step.
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(77)
n_nodes, n_classes, n_feat = 150, 3, 16
label = torch.arange(n_nodes) % n_classes
same = label.unsqueeze(0) == label.unsqueeze(1)
edge = torch.rand(n_nodes, n_nodes) < torch.where(same, 0.08, 0.015)
adj = (edge | edge.T).float()
adj.fill_diagonal_(1.0)
deg = adj.sum(1).rsqrt()
a_hat = deg.unsqueeze(1) * adj * deg.unsqueeze(0)
x = torch.randn(n_classes, n_feat)[label] * 0.6 + torch.randn(n_nodes, n_feat)
x = (x - x.mean(0)) / x.std(0)
order = torch.randperm(n_nodes)
train_idx, val_idx = order[:90], order[90:]


class GraphConv(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.lin = nn.Linear(d_in, d_out)

    def forward(self, a, h):
        return F.relu(self.lin(a @ h))  # coach-line: redundant-activation


class GCN(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.gc1 = GraphConv(n_feat, hidden)
        self.gc2 = GraphConv(hidden, hidden)
        self.cls = nn.Linear(hidden, n_classes)
        self.drop = nn.Dropout(0.3)

    def forward(self, a, h):
        h = self.gc1(a, h)
        h = self.drop(h)
        h = self.gc2(a, h)
        h = F.relu(h)  # coach: redundant-activation
        return self.cls(h)


gcn = GCN()
opt = torch.optim.Adam(gcn.parameters(), lr=0.01, weight_decay=5e-4)
for epoch in range(60):
    gcn.train()
    out = gcn(a_hat, x)
    loss = F.cross_entropy(out[train_idx], label[train_idx])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if epoch % 10 == 9:
        gcn.eval()
        with torch.no_grad():
            pred = gcn(a_hat, x).argmax(dim=1)
        acc = (pred[val_idx] == label[val_idx]).float().mean().item()
        print(f"epoch {epoch + 1:3d} loss {loss.item():.3f} val acc {acc:.3f}")
