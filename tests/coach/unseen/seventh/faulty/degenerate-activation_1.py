import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)
B, T, D, C = 32, 8, 12, 3


class AttentionPool(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.key = nn.Linear(dim, dim)
        self.query = nn.Linear(dim, 1, bias=False)

    def weights(self, x):
        scores = self.query(torch.tanh(self.key(x)))
        return F.softmax(scores, dim=-1)  # coach: degenerate-activation; fix: dim=1

    def forward(self, x):
        return torch.einsum("bto,btd->bd", self.weights(x), x)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(D, 24)
        self.pool = AttentionPool(24)
        self.head = nn.Linear(24, C)

    def forward(self, x):
        h = torch.relu(self.embed(x))
        return self.head(self.pool(h))


def build_dataset(n):
    proto = torch.randn(C, D) * 1.5
    y = torch.randint(0, C, (n,))
    x = torch.randn(n, T, D)
    where = torch.randint(0, T, (n,))
    x[torch.arange(n), where] += proto[y]
    return TensorDataset((x - x.mean()) / x.std(), y)


loader = DataLoader(build_dataset(384), batch_size=B, shuffle=True)
clf = Classifier()
opt = torch.optim.Adam(clf.parameters(), lr=4e-3)

for epoch in range(8):
    seen, hits, running = 0, 0, 0.0
    for xb, yb in loader:
        opt.zero_grad()
        logits = clf(xb)
        loss = F.cross_entropy(logits, yb)
        loss.backward()
        opt.step()
        seen += len(yb)
        hits += (logits.argmax(1) == yb).sum().item()
        running += loss.item() * len(yb)
    print(f"epoch {epoch}: loss {running / seen:.3f} acc {hits / seen:.3f}")
