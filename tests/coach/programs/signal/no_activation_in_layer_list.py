import gradbook as torch
import gradbook.nn as nn


class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:]))
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)  # coach: missing-nonlinearity; fix: x = torch.relu(layer(x))
            x = self.dropout(x)
        return x


model = MLP([10, 32, 32, 2])
opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
data, target = torch.randn(48, 10), torch.randint(0, 2, (48,))
model.train()
for it in range(5):
    loss = nn.functional.cross_entropy(model(data), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
