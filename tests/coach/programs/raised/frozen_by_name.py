"""named_parameters are frozen unless a name matches; none does."""

import gradbook as torch
import gradbook.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(8, 16)
        self.classifier = nn.Linear(16, 2)

    def forward(self, x):
        return self.classifier(torch.relu(self.backbone(x)))


net = Net()
for name, param in net.named_parameters():
    if not name.startswith("fc"):
        param.requires_grad = False  # coach: nothing-requires-grad; fix: net.classifier.requires_grad_(True)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for _ in range(2):
    loss = nn.functional.cross_entropy(net(torch.randn(4, 8)), torch.randint(0, 2, (4,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
