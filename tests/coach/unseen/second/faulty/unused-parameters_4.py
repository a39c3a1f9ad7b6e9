import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)


class TwoTower(nn.Module):
    def __init__(self, d, out=12):
        super().__init__()
        self.user_tower = nn.Sequential(nn.Linear(d, 24), nn.ReLU(), nn.Linear(24, out))
        self.item_tower = nn.Sequential(nn.Linear(d, 24), nn.ReLU(), nn.Linear(24, out))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, user, item):
        u = self.user_tower(user)
        v = self.user_tower(item)  # coach: unused-parameters; fix: self.item_tower(item)
        return (u * v).sum(dim=-1) + self.bias


users, items = torch.randn(320, 6), torch.randn(320, 6)
bought = ((users[:, 0] * items[:, 1] + users[:, 2] * items[:, 3]) > 0).float()
dl = DataLoader(TensorDataset(users, items, bought), batch_size=40, shuffle=True)
model = TwoTower(6)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(5):
    losses = []
    for u, i, t in dl:
        loss = bce(model(u, i), t)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print(epoch, sum(losses) / len(losses))
# coach-also: stale-optimizer
