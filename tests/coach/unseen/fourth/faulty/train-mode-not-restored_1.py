import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Learner:
    def __init__(self, model, dls, loss_fn, opt):
        self.model, self.loss_fn, self.opt = model, loss_fn, opt
        self.train_dl, self.valid_dl = dls

    def one_batch(self, xb, yb):
        loss = self.loss_fn(self.model(xb), yb)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()

    def validate(self):
        self.model.eval()  # coach-line: train-mode-not-restored
        good = n = 0
        with torch.no_grad():
            for xb, yb in self.valid_dl:
                good += (self.model(xb).argmax(-1) == yb).sum().item()
                n += len(yb)
        return good / n

    def fit(self, n_epochs):
        self.model.train()  # coach-line: train-mode-not-restored
        for e in range(n_epochs):  # coach-line: train-mode-not-restored
            losses = [self.one_batch(xb, yb) for xb, yb in self.train_dl]  # coach: train-mode-not-restored; fix: self.model.train()
            print(f"{e:2d}  {np.mean(losses):.4f}  acc={self.validate():.3f}")


torch.manual_seed(5)
rng = np.random.default_rng(5)
centres = rng.normal(0, 1.2, size=(5, 16))
lab = rng.integers(0, 5, 700)
feat = (centres[lab] + rng.normal(size=(700, 16))).astype(np.float32)
feat = (feat - feat[:560].mean(0)) / feat[:560].std(0)
x, y = torch.tensor(feat), torch.tensor(lab)

train_dl = DataLoader(TensorDataset(x[:560], y[:560]), batch_size=40, shuffle=True)
valid_dl = DataLoader(TensorDataset(x[560:], y[560:]), batch_size=70)
mlp = nn.Sequential(
    nn.Linear(16, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.3),
    nn.Linear(64, 5),
)
learn = Learner(mlp, (train_dl, valid_dl), nn.CrossEntropyLoss(), torch.optim.AdamW(mlp.parameters(), lr=2e-3))
learn.fit(6)
