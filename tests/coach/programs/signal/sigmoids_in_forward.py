import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class DeepNet(nn.Module):
    def __init__(self, depth=8, width=24):
        super().__init__()
        self.inp = nn.Linear(10, width)
        self.hidden = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.out = nn.Linear(width, 3)

    def forward(self, x):
        x = torch.sigmoid(self.inp(x))
        for layer in self.hidden:
            x = torch.sigmoid(layer(x))  # coach: vanishing-gradients; fix: x = torch.relu(layer(x))
        return self.out(x)


net = DeepNet()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
loader = DataLoader(TensorDataset(torch.randn(80, 10), torch.randint(0, 3, (80,))), batch_size=20)
for epoch in range(2):
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
