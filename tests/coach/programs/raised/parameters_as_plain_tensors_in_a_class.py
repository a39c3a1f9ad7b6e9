"""A regression as a class whose parameters are plain tensors, trained by an optimizer."""

import gradbook as torch


class LogReg:
    def __init__(self, n_features):
        self.theta = torch.zeros(n_features, 1)  # coach: nothing-requires-grad; fix: self.theta = torch.zeros(n_features, 1, requires_grad=True)

    def predict(self, x):
        return torch.sigmoid(x @ self.theta)


def fit(model, x, y):
    opt = torch.optim.SGD([model.theta], lr=0.5)
    for _ in range(10):
        opt.zero_grad()
        p = model.predict(x)
        loss = torch.nn.functional.binary_cross_entropy(p, y)
        loss.backward()
        opt.step()


x = torch.randn(50, 2)
fit(LogReg(2), x, (x.sum(1, keepdim=True) > 0).float())
