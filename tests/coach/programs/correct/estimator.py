import gradbook as torch
import gradbook.nn as nn


class Reg:
    def __init__(s, h=8, epochs=10):
        s.net = nn.Sequential(nn.Linear(3, h), nn.ReLU(), nn.Dropout(0.1), nn.Linear(h, 1))
        s.epochs = epochs

    def fit(s, X, y):
        o = torch.optim.Adam(s.net.parameters(), 1e-2)
        s.net.train()
        for _ in range(s.epochs):
            o.zero_grad()
            ((s.net(X) - y) ** 2).mean().backward()
            o.step()
        return s

    def predict(s, X):
        s.net.eval()
        with torch.no_grad():
            return s.net(X)

    def score(s, X, y):
        return -((s.predict(X) - y) ** 2).mean().item()


X = torch.randn(40, 3)
y = X.sum(1, keepdim=True)
r = Reg()
print(r.fit(X[:30], y[:30]).score(X[30:], y[30:]))
print(r.fit(X[:30], y[:30]).score(X[30:], y[30:]))
