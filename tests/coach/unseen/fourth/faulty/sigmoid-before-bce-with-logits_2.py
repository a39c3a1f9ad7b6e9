import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(14)

# link prediction on a two-block graph
N = 50
block = (torch.arange(N) >= N // 2).long()
p = torch.where(block[:, None] == block[None, :], torch.tensor(0.35), torch.tensor(0.04))
A = torch.triu((torch.rand(N, N) < p).float(), 1)
A = A + A.T
norm_A = (A + torch.eye(N)) / (A.sum(1, keepdim=True) + 1)
pos = torch.nonzero(torch.triu(A, 1))
absent = torch.nonzero(torch.triu(1 - A, 1))


class LinkNet(nn.Module):
    def __init__(self, n, d=16):
        super().__init__()
        self.emb = nn.Embedding(n, d)
        self.mix = nn.Linear(d, d)

    def forward(self, adj, edges):
        h = self.mix(adj @ self.emb.weight)
        score = (h[edges[:, 0]] * h[edges[:, 1]]).sum(-1)
        return torch.sigmoid(score)  # coach: sigmoid-before-bce-with-logits; fix: return score


net = LinkNet(N)
opt = torch.optim.Adam(net.parameters(), lr=0.01)
criterion = nn.BCEWithLogitsLoss()  # coach-line: sigmoid-before-bce-with-logits
for epoch in range(60):
    neg = absent[torch.randperm(len(absent))[: len(pos)]]
    edges = torch.cat([pos, neg])
    truth = torch.cat([torch.ones(len(pos)), torch.zeros(len(neg))])
    opt.zero_grad()
    loss = criterion(net(norm_A, edges), truth)  # coach-line: sigmoid-before-bce-with-logits
    loss.backward()
    opt.step()
    if epoch % 15 == 0:
        print(epoch, loss.item())
