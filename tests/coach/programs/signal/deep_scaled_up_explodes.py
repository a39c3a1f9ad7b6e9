import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Deep(nn.Module):
    def __init__(self, depth=10):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(20, 20) for _ in range(depth)])
        self.head = nn.Linear(20, 4)
        for layer in self.layers:
            nn.init.xavier_normal_(layer.weight, gain=3.0)  # coach: exploding-gradients; fix: nn.init.xavier_uniform_(layer.weight)

    def forward(self, x):
        for layer in self.layers:
            x = F.elu(layer(x))
        return self.head(x)


deep = Deep()
o = torch.optim.Adam(deep.parameters(), lr=1e-5)
for step in range(4):
    xb, yb = torch.randn(20, 20), torch.randint(0, 4, (20,))
    F.cross_entropy(deep(xb), yb).backward()
    o.step()
    o.zero_grad()
