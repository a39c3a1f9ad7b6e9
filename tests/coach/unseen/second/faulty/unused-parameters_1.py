import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(0)


class DeepMLP(nn.Module):
    def __init__(self, d_in, width, depth, d_out):
        super().__init__()
        self.inp = nn.Linear(d_in, width)
        self.hidden = [nn.Linear(width, width) for _ in range(depth)]  # coach: unused-parameters; fix: nn.ModuleList(
        self.out = nn.Linear(width, d_out)

    def forward(self, x):
        x = F.relu(self.inp(x))
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.out(x)


X = torch.randn(256, 6)
y = (X[:, 0] * X[:, 1] > 0).long()
model = DeepMLP(6, 24, 2, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(6):
    for b in torch.randperm(256).split(32):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(X[b]), y[b])
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
# coach-also: stale-optimizer, missing-zero-grad
