import gradbook as torch
from gradbook import nn

ACTIVATION = nn.Sigmoid  # coach-also: loss-plateau, constant-predictions
DEPTH = 9


class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        blocks = []
        for _ in range(DEPTH):
            blocks.append(nn.Linear(12, 12))
            blocks.append(ACTIVATION())  # coach: vanishing-gradients
        self.blocks = nn.ModuleList(blocks)
        self.out = nn.Linear(12, 2)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.out(x)


torch.manual_seed(0)
x = torch.randn(80, 12)
y = (x[:, 0] > 0).long()
tower = Tower()
opt = torch.optim.SGD(tower.parameters(), lr=0.1)
for i in range(12):
    loss = nn.functional.cross_entropy(tower(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
