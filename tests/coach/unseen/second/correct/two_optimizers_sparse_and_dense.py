"""Two optimizers for one model: SparseAdam for the table, AdamW for the dense layers. Ten steps of a demo."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


class ClickModel(nn.Module):
    def __init__(self, items, dim):
        super().__init__()
        self.items = nn.Embedding(items, dim, sparse=True)
        self.mlp = nn.Sequential(nn.Linear(dim + 3, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, item, context):
        return self.mlp(torch.cat([self.items(item), context], dim=1)).squeeze(1)


model = ClickModel(20, 8)
optimizers = [torch.optim.SparseAdam(list(model.items.parameters()), lr=5e-2),
              torch.optim.AdamW(model.mlp.parameters(), lr=2e-2)]
popularity = torch.randn(20)

item = torch.randint(0, 20, (400,))
context = torch.randn(400, 3)
click = torch.bernoulli(torch.sigmoid(3 * popularity[item] + 2 * context[:, 0]))
perm = torch.randperm(400)
for step in range(10):
    idx = perm[40 * step:40 * step + 40]
    loss = F.binary_cross_entropy_with_logits(model(item[idx], context[idx]), click[idx])
    for o in optimizers:
        o.zero_grad()
    loss.backward()
    for o in optimizers:
        o.step()
    print(step, round(loss.item(), 4))
