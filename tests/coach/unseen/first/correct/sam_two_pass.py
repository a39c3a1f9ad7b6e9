"""Sharpness-aware minimisation: two forward/backward passes per update, weights moved and restored by hand."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class SAM:
    def __init__(self, params, base, rho=0.05):
        self.params, self.base, self.rho = list(params), base, rho

    @torch.no_grad()
    def ascend(self):
        norm = torch.norm(torch.stack([p.grad.norm() for p in self.params])) + 1e-12
        self.eps = []
        for p in self.params:
            e = self.rho * p.grad / norm
            p.add_(e)
            self.eps.append(e)
        self.base.zero_grad()

    @torch.no_grad()
    def descend(self):
        for p, e in zip(self.params, self.eps):
            p.sub_(e)
        self.base.step()
        self.base.zero_grad()


torch.manual_seed(71)
theta = torch.rand(240) * 9
cls = torch.arange(240) % 2
spiral = torch.stack([theta * torch.cos(theta + 3.1416 * cls), theta * torch.sin(theta + 3.1416 * cls)], 1) / 5
loader = DataLoader(TensorDataset(spiral, cls), batch_size=40, shuffle=True)

net = nn.Sequential(nn.Linear(2, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 2))
sam = SAM(net.parameters(), torch.optim.Adam(net.parameters(), lr=1e-2))
for epoch in range(12):
    total = 0.0
    for x, y in loader:
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        sam.ascend()
        F.cross_entropy(net(x), y).backward()
        sam.descend()
        total += loss.item()
    if epoch % 3 == 2:
        print(epoch + 1, total / len(loader))
