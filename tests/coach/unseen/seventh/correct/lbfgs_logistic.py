import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(127)


class LogisticRegression:
    """L2-penalised multinomial regression, full batch, quasi-Newton."""

    def __init__(self, C=1.0, max_iter=8):
        self.C, self.max_iter = C, max_iter

    def fit(self, X, y):
        n, d = X.shape
        self.linear_ = nn.Linear(d, int(y.max()) + 1)
        solver = torch.optim.LBFGS(self.linear_.parameters(), lr=1.0, max_iter=4, line_search_fn="strong_wolfe")

        def objective():
            nll = F.cross_entropy(self.linear_(X), y)
            return nll + self.linear_.weight.pow(2).sum() / (2 * self.C * n)

        def closure():
            solver.zero_grad()
            value = objective()
            value.backward()
            return value

        for it in range(self.max_iter):
            value = solver.step(closure)
            print(f"iter {it}: objective {value.item():.5f}")
        return self

    @torch.no_grad()
    def predict_proba(self, X):
        return F.softmax(self.linear_(X), dim=1)

    def score(self, X, y):
        return (self.predict_proba(X).argmax(1) == y).float().mean().item()


mu = torch.randn(3, 6)
y = torch.randint(0, 3, (400,))
X = mu[y] + torch.randn(400, 6)
mean, std = X[:300].mean(0), X[:300].std(0)
X = (X - mean) / std

clf = LogisticRegression(C=1.0).fit(X[:300], y[:300])
print("train", round(clf.score(X[:300], y[:300]), 3), "test", round(clf.score(X[300:], y[300:]), 3))
