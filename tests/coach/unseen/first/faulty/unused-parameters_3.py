import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# recommender with user/item towers: item tower defined, user tower used twice
torch.manual_seed(94)
class TwoTower(nn.Module):
    def __init__(self):
        super().__init__()
        self.user_emb, self.item_emb = nn.Embedding(20, 8), nn.Embedding(20, 8)
        self.user_mlp, self.item_mlp = nn.Linear(8, 8), nn.Linear(8, 8)
    def forward(self, u, i):
        a = self.user_mlp(self.user_emb(u))
        b = self.user_mlp(self.item_emb(i))  # coach: unused-parameters; fix: self.item_mlp(
        return (a * b).sum(-1)
model = TwoTower()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(30):
    u, i = torch.randint(0, 20, (64,)), torch.randint(0, 20, (64,))
    r = ((u + i) % 2).float()
    loss = F.binary_cross_entropy_with_logits(model(u, i), r)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0: print(step, loss.item())
# coach-also: stale-optimizer
