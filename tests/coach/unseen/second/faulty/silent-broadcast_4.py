# matrix factorisation recommender with a BPR objective
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(55)
n_users, n_items, k = 30, 40, 8
taste = torch.randn(n_users, 4)
style = torch.randn(n_items, 4)
likes = (taste @ style.t()) > 1.0


class MF(nn.Module):
    def __init__(self):
        super().__init__()
        self.P = nn.Embedding(n_users, k)
        self.Q = nn.Embedding(n_items, k)
        nn.init.normal_(self.P.weight, std=0.3)
        nn.init.normal_(self.Q.weight, std=0.3)

    def score(self, u, i):
        return (self.P(u) * self.Q(i)).sum(dim=1)


def sample_triples(n):
    u, i = torch.nonzero(likes, as_tuple=True)
    pick = torch.randint(0, len(u), (n,))
    j = torch.randint(0, n_items, (n,))
    return u[pick], i[pick], j


mf = MF()
opt = torch.optim.Adam(mf.parameters(), lr=0.02)
for it in range(60):
    u, pos, neg = sample_triples(64)
    pos_score = mf.score(u, pos).view(-1, 1)  # coach: silent-broadcast
    neg_score = mf.score(u, neg)
    margin = pos_score - neg_score
    loss = -F.logsigmoid(margin).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 15 == 0:
        print(it, loss.item())
