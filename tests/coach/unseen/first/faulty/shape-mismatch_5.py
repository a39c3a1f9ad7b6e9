import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# wide & deep: concatenation along the wrong width
torch.manual_seed(71)
class WideDeep(nn.Module):
    def __init__(self, n_cat=10, n_num=6):
        super().__init__()
        self.emb = nn.Embedding(n_cat, 8)
        self.deep = nn.Sequential(nn.Linear(n_num, 16), nn.ReLU())
        self.final = nn.Linear(16 + n_num, 1)  # coach: shape-mismatch; fix: nn.Linear(
    def forward(self, cat, num):
        z = torch.cat([self.emb(cat), self.deep(num)], dim=1)
        return self.final(z).squeeze(1)
model = WideDeep()
optimizer = torch.optim.Adagrad(model.parameters(), lr=0.05)
for _ in range(5):
    c, n = torch.randint(0, 10, (32,)), torch.randn(32, 6)
    target = n[:, 0] + 0.1 * c
    optimizer.zero_grad()
    l = F.mse_loss(model(c, n), target)
    l.backward()
    optimizer.step()
