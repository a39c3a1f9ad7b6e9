import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(77)


class GCN(nn.Module):
    def __init__(self, f, h, c):
        super().__init__()
        self.w1, self.w2 = nn.Linear(f, h), nn.Linear(h, c)
        self.drop = nn.Dropout(0.1)

    def forward(self, a, x):
        x = F.relu(a @ self.w1(x))
        return (a @ self.w2(self.drop(x))).mean(1)


def make(n, nodes=8):
    adj = (torch.rand(n, nodes, nodes) < 0.3).float()
    adj = ((adj + adj.transpose(1, 2) + torch.eye(nodes)) > 0).float()
    adj = adj / adj.sum(-1, keepdim=True)
    feats = torch.randn(n, nodes, 5)
    lab = (feats.mean(1)[:, :2].sum(1) > 0).long()
    return TensorDataset(adj, feats, lab)


train_dl = DataLoader(make(256), batch_size=32, shuffle=True)
val_dl = DataLoader(make(96), batch_size=32)
gcn = GCN(5, 24, 2)
opt = torch.optim.Adam(gcn.parameters(), lr=5e-3)


def evaluate():
    gcn.eval()
    tot, ok = 0.0, 0
    for a, f, l in val_dl:  # coach: no-grad-missing; fix: no_grad()
        out = gcn(a, f)  # coach-line: no-grad-missing
        tot += F.cross_entropy(out, l, reduction="sum").item()
        ok += (out.argmax(-1) == l).sum().item()
    gcn.train()
    return tot / 96, ok / 96


for epoch in range(5):
    for a, f, l in train_dl:
        opt.zero_grad()
        loss = F.cross_entropy(gcn(a, f), l)
        loss.backward()
        opt.step()
    print(epoch, "val", evaluate())
