"""Graph convolution on a ring of communities, smoothed loss display."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(8)
NODES, FEATS, GROUPS = 60, 12, 3

group = torch.arange(NODES) % GROUPS
same = group.unsqueeze(0) == group.unsqueeze(1)
prob = torch.where(same, torch.tensor(0.3), torch.tensor(0.03))
upper = torch.triu((torch.rand(NODES, NODES) < prob).float(), diagonal=1)
adj = upper + upper.T + torch.eye(NODES)
deg = adj.sum(1)
a_hat = adj / torch.sqrt(deg.unsqueeze(0) * deg.unsqueeze(1))
feats = F.one_hot(group, GROUPS).float() @ torch.randn(GROUPS, FEATS) + torch.randn(NODES, FEATS)
train_mask = torch.rand(NODES) < 0.5


class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin1 = nn.Linear(FEATS, 16)
        self.lin2 = nn.Linear(16, GROUPS)

    def forward(self, a, x):
        return self.lin2(a @ F.relu(self.lin1(a @ x)))


gcn = GCN()
opt = torch.optim.Adam(gcn.parameters(), lr=0.01, weight_decay=5e-4)
smooth = None
for it in range(80):
    opt.zero_grad()
    logits = gcn(a_hat, feats)
    loss = F.cross_entropy(logits[train_mask], group[train_mask])
    loss.backward()
    opt.step()
    smooth = loss.item() if smooth is None else 0.9 * smooth + 0.1 * loss  # coach: loss-keeps-graph; fix: 0.1 * loss.item()
    if it % 20 == 19:
        print(f"it {it + 1}  smoothed loss {float(smooth):.4f}")

gcn.eval()
with torch.no_grad():
    pred = gcn(a_hat, feats).argmax(1)
print("test acc", (pred == group)[~train_mask].float().mean().item())
