"""predict() of a class forgets eval(), under no_grad."""

import gradbook as torch
import gradbook.nn as nn


class Classifier:
    def __init__(self):
        self.net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 2))
        self.opt = torch.optim.Adam(self.net.parameters(), lr=1e-3)

    def fit(self, X, y, epochs=5):
        for _ in range(epochs):
            self.opt.zero_grad()
            nn.functional.cross_entropy(self.net(X), y).backward()
            self.opt.step()
        return self

    def score(self, X, y):
        with torch.no_grad():
            guesses = self.net(X).argmax(dim=1)  # coach: eval-mode-missing; fix: self.net.eval()
        return (guesses == y).float().mean().item()


X, y = torch.randn(80, 8), torch.randint(0, 2, (80,))
print(Classifier().fit(X[:60], y[:60]).score(X[60:], y[60:]))
