import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(27)


class MLPClassifier(nn.Module):
    def __init__(self, n_in, n_out, hidden=(32, 32), alpha=1e-3):
        super().__init__()
        dims = [n_in, *hidden]
        body = []
        for a, b in zip(dims, dims[1:]):
            body += [nn.Linear(a, b), nn.ReLU(), nn.Dropout(0.1)]
        self.body = nn.Sequential(*body)
        self.out = nn.Linear(dims[-1], n_out)
        self.loss_fn = nn.CrossEntropyLoss()
        self.solver = torch.optim.Adam(self.parameters(), lr=alpha)

    def decision_function(self, x):
        return self.out(self.body(x))

    def partial_fit(self, loader):
        self.train()
        for x, y in loader:
            self.solver.zero_grad()
            loss = self.loss_fn(self.decision_function(x), y)
            loss.backward()
            self.solver.step()

    def score(self, loader):  # coach-line: no-grad-missing
        self.eval()  # coach-line: no-grad-missing
        right = total = 0
        nll = 0.0
        for x, y in loader:  # coach-line: no-grad-missing
            z = self.decision_function(x)  # coach: no-grad-missing; fix: torch.no_grad()
            nll += self.loss_fn(z, y).item() * len(y)
            right += (z.argmax(1) == y).sum().item()
            total += len(y)
        return right / total, nll / total


mu = torch.randn(3, 12)
y = torch.randint(0, 3, (480,))
X = mu[y] + torch.randn(480, 12)
X = (X - X[:360].mean(0)) / X[:360].std(0)
train = DataLoader(TensorDataset(X[:360], y[:360]), batch_size=30, shuffle=True)
valid = DataLoader(TensorDataset(X[360:], y[360:]), batch_size=60)

clf = MLPClassifier(12, 3, alpha=3e-3)
for epoch in range(6):
    clf.partial_fit(train)
    acc, nll = clf.score(valid)
    print(f"epoch {epoch}: val acc {acc:.3f} val nll {nll:.3f}")
