import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
class Learner:
    def __init__(self, arch, dls, lr):
        self.arch, self.dls = arch, dls
        self.opt = torch.optim.Adam(arch.parameters(), lr=lr)
        self.crit = nn.MSELoss()
        self.best = float("inf")
    def fit(self, n):
        for ep in range(n):
            self.arch.train()
            for x, y in self.dls["train"]:
                self.opt.zero_grad()
                l = self.crit(self.arch(x), y)
                l.backward()
                self.opt.step()
            v = self.validate()
            if v < self.best:
                self.best = v
            print(f"{ep}: valid {v:.4f} (best {self.best:.4f})")
    def validate(self):
        tot = 0.0
        with torch.inference_mode():
            for x, y in self.dls["valid"]:
                tot += self.crit(self.arch(x), y).item() * len(x)  # coach: eval-mode-missing; fix: self.arch.eval()
        return tot / len(self.dls["valid"].dataset)

torch.manual_seed(2)
feat = torch.randn(250, 5)
tgt = (feat ** 2).mean(1, keepdim=True) - 1
dls = {"train": DataLoader(TensorDataset(feat[:200], tgt[:200]), 25, shuffle=True), "valid": DataLoader(TensorDataset(feat[200:], tgt[200:]), 25)}
mlp = nn.Sequential(nn.Linear(5, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 1))
Learner(mlp, dls, 5e-3).fit(4)
