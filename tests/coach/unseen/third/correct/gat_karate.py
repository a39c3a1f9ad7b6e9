# %%
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(36)

# %%
# a graph of three communities; only some nodes have known labels
n, k = 120, 3
community = torch.randint(0, k, (n,))
p_edge = torch.where(community[:, None] == community[None, :], 0.12, 0.008)
upper = torch.triu(torch.rand(n, n) < p_edge, diagonal=1)
adjacency = upper | upper.T | torch.eye(n).bool()
features = torch.eye(k)[community] + 0.5 * torch.randn(n, k)
features = (features - features.mean(0)) / features.std(0)
perm = torch.randperm(n)
train_mask = torch.zeros(n, dtype=torch.bool)
train_mask[perm[:60]] = True
val_mask = ~train_mask


# %%
class GATLayer(nn.Module):
    def __init__(self, d_in, d_out, heads, concat=True):
        super().__init__()
        self.heads, self.d_out, self.concat = heads, d_out, concat
        self.W = nn.Linear(d_in, heads * d_out, bias=False)
        self.a_src = nn.Parameter(torch.randn(heads, d_out) * 0.3)
        self.a_dst = nn.Parameter(torch.randn(heads, d_out) * 0.3)

    def forward(self, h, adj):
        z = self.W(h).view(-1, self.heads, self.d_out)
        score = (z * self.a_src).sum(-1).unsqueeze(1) + (z * self.a_dst).sum(-1).unsqueeze(0)
        score = F.leaky_relu(score, 0.2).masked_fill(~adj.unsqueeze(-1), float("-inf"))
        alpha = torch.softmax(score, dim=1)
        out = torch.einsum("ijh,jhd->ihd", alpha, z)
        return out.flatten(1) if self.concat else out.mean(1)


class GAT(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = GATLayer(k, 8, heads=3), GATLayer(24, k, heads=2, concat=False)

    def forward(self, h, adj):
        return self.l2(F.dropout(F.elu(self.l1(h, adj)), 0.3, self.training), adj)


# %% [r1]
torch.manual_seed(36)
gat = GAT()
opt = torch.optim.Adam(gat.parameters(), lr=0.01, weight_decay=5e-3)
for epoch in range(40):
    gat.train()
    opt.zero_grad()
    loss = F.cross_entropy(gat(features, adjacency)[train_mask], community[train_mask])
    loss.backward()
    opt.step()

# %% [r1] rerun

# %%
gat.eval()
with torch.no_grad():
    hit = gat(features, adjacency).argmax(1) == community
print(f"loss {loss.item():.3f} train {hit[train_mask].float().mean():.3f} val {hit[val_mask].float().mean():.3f}")
