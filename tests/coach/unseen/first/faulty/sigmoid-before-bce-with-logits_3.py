import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# matrix factorisation with implicit feedback
torch.manual_seed(37)
class MF(nn.Module):
    def __init__(self, n_users, n_items, k=8):
        super().__init__()
        self.U = nn.Embedding(n_users, k)
        self.V = nn.Embedding(n_items, k)
        nn.init.normal_(self.U.weight, std=0.3)
        nn.init.normal_(self.V.weight, std=0.3)
        self.bias = nn.Parameter(torch.zeros(()))
    def score(self, u, i):
        return (self.U(u) * self.V(i)).sum(-1) + self.bias
mf = MF(30, 40)
opt = torch.optim.Adam(mf.parameters(), lr=2e-2)
crit = nn.BCEWithLogitsLoss()
for epoch in range(30):
    u, i = torch.randint(0, 30, (128,)), torch.randint(0, 40, (128,))
    clicked = ((u % 2) == (i % 2)).float()
    p = mf.score(u, i).sigmoid()
    loss = crit(p, clicked)  # coach: sigmoid-before-bce-with-logits
    opt.zero_grad()
    loss.backward()
    opt.step()
    if epoch % 10 == 9:
        print(epoch, loss.item(), ((p > 0.5).float() == clicked).float().mean().item())
