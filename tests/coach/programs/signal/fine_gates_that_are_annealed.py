"""Gates that grow sharp as the training goes on, and some that are a little steep from the start."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F


class Selector(nn.Module):
    def __init__(self, sizes=(8, 16, 2)):
        super().__init__()
        n, m, k = sizes
        self.choose, self.left, self.right, self.leaf = nn.Linear(n, m), nn.Linear(n, m), nn.Linear(n, m), nn.Linear(m, k)
        self.temperature = 1.0

    def forward(self, x):
        g = torch.sigmoid(self.choose(x) / self.temperature)
        mixed = g * torch.tanh(self.left(x)) + (1 - g) * torch.tanh(self.right(x))
        sure = torch.sigmoid(4 * self.choose(x))
        return self.leaf(mixed * sure)


torch.manual_seed(5)
x = torch.randn(200, 8)
y = torch.where(x[:, 0] > 0, x[:, 1], -x[:, 2]).gt(0).long()
tree = Selector()
opt = torch.optim.Adam(tree.parameters(), lr=2e-2)
for epoch in range(40):
    tree.temperature = max(0.02, 0.85**epoch)
    opt.zero_grad()
    F.cross_entropy(tree(x), y).backward()
    opt.step()
