import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class DeepNet(nn.Module):
    def __init__(self, width=16, depth=3):
        super().__init__()
        self.inp = nn.Linear(6, width)
        self.hidden = [nn.Linear(width, width) for _ in range(depth)]  # coach: unused-parameters; fix: nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.out = nn.Linear(width, 2)

    def forward(self, x):
        x = F.relu(self.inp(x))
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.out(x)


model = DeepNet()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
x, y = torch.randn(50, 6), torch.randint(0, 2, (50,))
for epoch in range(4):
    for i in range(0, 50, 25):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[i : i + 25]), y[i : i + 25])
        loss.backward()
        optimizer.step()
