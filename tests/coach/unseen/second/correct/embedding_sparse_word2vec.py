"""Skip-gram with negative sampling: sparse embeddings and SparseAdam."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
V, D, GROUPS = 40, 12, 5


class SkipGram(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Embedding(V, D, sparse=True)
        self.out = nn.Embedding(V, D, sparse=True)
        nn.init.normal_(self.inp.weight, std=0.3)
        nn.init.normal_(self.out.weight, std=0.3)

    def forward(self, centre, context, negative):
        c = self.inp(centre)
        pos = (c * self.out(context)).sum(-1)
        neg = torch.bmm(self.out(negative), c.unsqueeze(2)).squeeze(2)
        return -(F.logsigmoid(pos) + F.logsigmoid(-neg).sum(1)).mean()


def batch(n):
    group = torch.randint(0, GROUPS, (n,))
    size = V // GROUPS
    centre = group * size + torch.randint(0, size, (n,))
    context = group * size + torch.randint(0, size, (n,))
    return centre, context, torch.randint(0, V, (n, 4))


model = SkipGram()
opt = torch.optim.SparseAdam(list(model.parameters()), lr=2e-2)
for step in range(80):
    loss = model(*batch(128))
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 20 == 0 or step == 79:
        print(step, round(loss.item(), 4))
