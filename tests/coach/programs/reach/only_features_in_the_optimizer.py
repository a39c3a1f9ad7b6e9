import gradbook as torch
import gradbook.nn as nn


class Net(nn.Module):
    def __init__(s):
        super().__init__()
        s.features = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 12), nn.ReLU())
        s.classifier = nn.Linear(12, 3)

    def forward(s, x):
        return s.classifier(s.features(x))


net = Net()
optimizer = torch.optim.Adam(net.features.parameters(), lr=1e-3)  # coach: stale-optimizer; fix: net.
X = torch.randn(20, 6)
Y = torch.randint(0, 3, (20,))
for e in range(6):
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(X), Y).backward()
    optimizer.step()
