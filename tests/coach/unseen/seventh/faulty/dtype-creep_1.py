import numpy as np
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(4)
rng = np.random.default_rng(4)


def balanced_weights(labels):
    counts = np.bincount(labels)
    return len(labels) / (len(counts) * counts[labels])


class TorchClassifier:
    def __init__(self, hidden=32, lr=0.01, max_iter=10, batch_size=40):
        self.hidden, self.lr = hidden, lr
        self.max_iter, self.batch_size = max_iter, batch_size

    def _build(self, n_in, n_out):
        self.net_ = nn.Sequential(
            nn.Linear(n_in, self.hidden), nn.ReLU(), nn.Linear(self.hidden, n_out)
        )
        self.opt_ = torch.optim.Adam(self.net_.parameters(), lr=self.lr)

    def fit(self, X, y, sample_weight):
        xt = torch.from_numpy(X.astype(np.float32))
        yt = torch.from_numpy(y)
        wt = torch.from_numpy(sample_weight)  # coach: dtype-creep; fix: float
        self._build(X.shape[1], int(y.max()) + 1)
        for epoch in range(self.max_iter):
            order = torch.randperm(len(xt))
            total = 0.0
            for start in range(0, len(xt), self.batch_size):
                rows = order[start:start + self.batch_size]
                self.opt_.zero_grad()
                per_row = F.cross_entropy(self.net_(xt[rows]), yt[rows], reduction="none")
                loss = (wt[rows] * per_row).mean()
                loss.backward()
                self.opt_.step()
                total += loss.item()
            print(epoch, round(total, 4))
        return self

    def predict(self, X):
        self.net_.eval()
        with torch.no_grad():
            return self.net_(torch.from_numpy(X.astype(np.float32))).argmax(1).numpy()


y = rng.choice(3, size=400, p=[0.4, 0.33, 0.27]).astype(np.int64)
centres = rng.normal(size=(3, 8)) * 1.3
X = centres[y] + rng.normal(size=(400, 8))
X = (X - X.mean(0)) / X.std(0)
clf = TorchClassifier().fit(X, y, sample_weight=balanced_weights(y))
print("train accuracy", (clf.predict(X) == y).mean())
