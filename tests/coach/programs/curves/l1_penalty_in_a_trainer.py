import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class SparseRegression:
    def __init__(self, n, lam=50.0):  # coach: regularisation-dominates; fix: lam=0.
        self.w = torch.randn(n, 1, requires_grad=True)
        self.lam = lam
        self.opt = torch.optim.Adam([self.w], lr=1e-2)

    def fit(self, X, y, steps):
        lam = self.lam
        for _ in range(steps):
            mse = F.mse_loss(X @ self.w, y)
            penalty = self.w.abs().sum()
            total = mse + lam * penalty
            self.opt.zero_grad()
            total.backward()
            self.opt.step()


X = torch.randn(100, 6)
SparseRegression(6).fit(X, X[:, :1] - X[:, 1:2], 10)
