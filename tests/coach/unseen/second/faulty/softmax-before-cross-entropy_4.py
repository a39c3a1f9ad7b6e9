from dataclasses import dataclass
import gradbook as torch
import gradbook.nn as nn


@dataclass
class HParams:
    n_feat: int = 6
    n_cls: int = 3
    hidden: int = 20
    lr: float = 0.02
    epochs: int = 20


class MLPClassifier:
    """sklearn-like wrapper"""

    def __init__(self, hp):
        self.hp = hp
        self.fc1 = nn.Linear(hp.n_feat, hp.hidden)
        self.fc2 = nn.Linear(hp.hidden, hp.n_cls)
        self.loss = nn.CrossEntropyLoss(label_smoothing=0.05)
        self.opt = torch.optim.Adam([*self.fc1.parameters(), *self.fc2.parameters()], lr=hp.lr)

    def decision_function(self, X):
        return self.fc2(torch.tanh(self.fc1(X)))

    def predict_proba(self, X):
        return torch.softmax(self.decision_function(X), dim=-1)

    def fit(self, X, y):
        for e in range(self.hp.epochs):
            self.opt.zero_grad()
            l = self.loss(self.predict_proba(X), y)  # coach: softmax-before-cross-entropy; fix: self.decision_function(X)
            l.backward()
            self.opt.step()
            if e % 5 == 0:
                print("iter", e, "loss", l.item())
        return self

    def score(self, X, y):
        with torch.no_grad():
            return (self.predict_proba(X).argmax(1) == y).float().mean().item()


torch.manual_seed(33)
X = torch.randn(150, 6)
y = (X @ torch.randn(6, 3)).argmax(1)
clf = MLPClassifier(HParams()).fit(X, y)
print("accuracy", clf.score(X, y))
