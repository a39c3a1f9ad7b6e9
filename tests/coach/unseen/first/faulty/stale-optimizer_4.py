import gradbook as torch
from gradbook import nn
torch.manual_seed(21)

class ResMLP(nn.Module):
    def __init__(self, d=12, depth=2):
        super().__init__()
        self.inp = nn.Linear(5, d)
        self.blocks = nn.ModuleList([nn.Linear(d, d) for _ in range(depth)])
        self.out = nn.Linear(d, 1)
    def grow(self):
        """add a residual block (progressive training)"""
        self.blocks.append(nn.Linear(self.inp.out_features, self.inp.out_features))
    def forward(self, x):
        h = torch.relu(self.inp(x))
        for blk in self.blocks:
            h = h + torch.relu(blk(h))
        return self.out(h)

net = ResMLP()
sgd = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
X = torch.randn(200, 5)
Y = (X[:, :1] * X[:, 1:2]).clamp(-2, 2)
crit = nn.SmoothL1Loss()
for phase in range(2):
    for step in range(12):
        rows = torch.randint(0, 200, (40,))
        sgd.zero_grad()
        loss = crit(net(X[rows]), Y[rows])
        loss.backward()
        sgd.step()
    print("phase", phase, loss.item())
    net.grow()  # coach: stale-optimizer; fix: add_param_group
# coach-also: missing-zero-grad
