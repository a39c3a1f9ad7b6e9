# My siamese-style batch loss runs without error but weights do not change??
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(0)
data = torch.randn(256, 6)
target = torch.sin(data[:, :1]) + 0.5 * data[:, 1:2]


class MLP(nn.Module):
    def __init__(self):
        super(MLP, self).__init__()
        self.fc1 = nn.Linear(6, 24)
        self.fc2 = nn.Linear(24, 1)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


model = MLP()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

for epoch in range(10):
    perm = torch.randperm(256)
    losses = []
    for k in range(4):
        idx = perm[k * 64:(k + 1) * 64]
        pred = model(data[idx])
        l = F.mse_loss(pred, target[idx])
        losses.append(l.item())  # coach-line: detached-graph
    total = torch.tensor(losses, requires_grad=True).mean()  # coach: detached-graph; fix: torch.stack(
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
    print("epoch", epoch, "total", total.item())
