import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Block(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.lin = nn.Linear(i, o)

    def forward(self, x):
        return F.relu(self.lin(x))  # coach-line: redundant-activation


class Scorer(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.b1, self.b2 = Block(d, h), Block(h, h)
        self.score = nn.Linear(h, 2)

    def forward(self, x):
        x = self.b1(x)
        x = F.relu(self.b2(x))  # coach: redundant-activation; fix: x = self.b2(x)
        return self.score(x)


torch.manual_seed(10)
X = torch.randn(900, 10)
y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).long()
loader = DataLoader(TensorDataset(X, y), batch_size=45, shuffle=True)
model = Scorer(10, 40)
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(6):
    stats = {"loss": 0.0, "hit": 0}
    for xb, yb in loader:
        logits = model(xb)
        loss = F.cross_entropy(logits, yb)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        stats["loss"] += loss.item() * len(yb)
        stats["hit"] += (logits.argmax(-1) == yb).sum().item()
    print(epoch, {k: round(v / len(X), 4) for k, v in stats.items()})
