import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 4))

    def forward(self, a, b):
        ea, eb = self.embed(a), self.embed(b)
        return torch.sqrt(((ea - eb) ** 2).sum(dim=1))  # coach: nan-origin


def contrastive(dist, same, margin=1.0):
    return (same * dist ** 2 + (1 - same) * F.relu(margin - dist) ** 2).mean()


torch.manual_seed(28)
items = torch.randn(60, 6)
group = (items[:, 0] > 0).long()
net = Siamese()
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for it in range(25):
    i = torch.randint(0, 60, (40,))
    j = torch.randint(0, 60, (40,))
    loss = contrastive(net(items[i], items[j]), (group[i] == group[j]).float())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 4 == 0:
        print(it, loss.item())
# coach-also: loss-diverged
