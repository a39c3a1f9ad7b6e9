import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(14, 28), nn.ReLU(), nn.Linear(28, 28), nn.ReLU())
        self.out = nn.Linear(28, 3)
        self.act = nn.ReLU()

    def forward(self, x):
        h = self.net[1](self.net[0](x))
        h = self.net[2](h)
        h = self.act(F.relu(h))  # coach: redundant-activation; fix: h = F.relu(h)
        return self.out(h)


clf = Classifier()
opt = torch.optim.Adam(clf.parameters(), lr=1e-3)
X, y = torch.randn(30, 14), torch.randint(0, 3, (30,))
for _ in range(5):
    opt.zero_grad()
    loss = F.cross_entropy(clf(X), y)
    loss.backward()
    opt.step()
