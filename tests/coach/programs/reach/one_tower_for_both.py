import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class TwoTower(nn.Module):
    def __init__(self, users=20, items=30, dim=8):
        super().__init__()
        self.user_emb, self.item_emb = nn.Embedding(users, dim), nn.Embedding(items, dim)
        self.user_mlp = nn.Sequential(nn.Linear(dim, dim), nn.ReLU())
        self.item_mlp = nn.Sequential(nn.Linear(dim, dim), nn.ReLU())

    def forward(self, user, item):
        u = self.user_emb(user)
        i = self.item_emb(item)
        item_side = self.user_mlp(i)  # coach: unused-parameters; fix: item_side = self.item_mlp(i)
        user_side = self.user_mlp(u)
        return (user_side * item_side).sum(dim=1)


model = TwoTower()
opt = torch.optim.Adagrad(model.parameters(), lr=0.05)
for step in range(6):
    users, items = torch.randint(0, 20, (32,)), torch.randint(0, 30, (32,))
    clicked = ((users + items) % 2).float()
    opt.zero_grad()
    F.binary_cross_entropy_with_logits(model(users, items), clicked).backward()
    opt.step()
