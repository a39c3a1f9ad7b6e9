import gradbook as torch
import gradbook.nn as nn


class FeatureNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 64)
        self.fc2 = nn.Linear(64, 1)
        self.activations = []

    def forward(self, x):
        h = torch.relu(self.fc1(x))
        self.activations.append(h)  # coach: memory-growth; fix: .detach()
        return self.fc2(h)


torch.manual_seed(97)
X = torch.randn(512, 8)
y = X[:, :1] * X[:, 1:2]
net = FeatureNet()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(6):
    for b in torch.randperm(512).split(64):
        loss = nn.functional.mse_loss(net(X[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    frac = (net.activations[-1] > 0).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} active {frac:.2f}")
# coach-also: loss-keeps-graph
