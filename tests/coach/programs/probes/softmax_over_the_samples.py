import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Gated(nn.Module):
    """Weighs its features by attention, then classifies."""

    def __init__(self, features, classes):
        super().__init__()
        self.score = nn.Linear(features, features)
        self.head = nn.Linear(features, classes)

    def forward(self, x):
        weights = F.softmax(self.score(x), dim=0)  # coach: batch-leak; fix: dim=1
        return self.head(weights * x)


torch.manual_seed(0)
model = Gated(10, 4)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
X = torch.randn(160, 10)
Y = X[:, :4].argmax(dim=1)
for epoch in range(4):
    order = torch.randperm(len(X))
    for k in range(0, len(X), 32):
        rows = order[k : k + 32]
        loss = F.cross_entropy(model(X[rows]), Y[rows])
        opt.zero_grad()
        loss.backward()  # coach-also: batch-axis-mixed
        opt.step()
