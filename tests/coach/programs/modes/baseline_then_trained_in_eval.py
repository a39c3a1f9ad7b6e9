import gradbook as torch
import gradbook.nn as nn


def evaluate(m, X, Y):
    m.eval()  # coach: train-mode-not-restored; fix: .train()
    with torch.no_grad():
        return (m(X).argmax(1) == Y).float().mean().item()


def train(m, X, Y):
    o = torch.optim.SGD(m.parameters(), 0.1)
    for e in range(6):
        l = nn.functional.cross_entropy(m(X), Y)
        o.zero_grad()
        l.backward()
        o.step()


m = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
X = torch.randn(40, 4)
Y = torch.randint(0, 2, (40,))
print("before", evaluate(m, X, Y))
train(m, X, Y)
print("after", evaluate(m, X, Y))
