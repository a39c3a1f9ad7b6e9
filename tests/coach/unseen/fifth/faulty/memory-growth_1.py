import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class History:
    def __init__(self):
        self.logits, self.targets = [], []

    def on_batch_end(self, logits, y):
        self.logits.append(logits)  # coach: memory-growth; fix: .detach()
        self.targets.append(y)

    def accuracy(self):
        pred = torch.cat(self.logits).argmax(1)
        return (pred == torch.cat(self.targets)).float().mean().item()


class Trainer:
    def __init__(self, model, lr, callbacks):
        self.model, self.callbacks = model, callbacks
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)
        self.crit = nn.CrossEntropyLoss()

    def fit(self, dl, epochs):
        for ep in range(epochs):
            tot = 0.0
            for x, y in dl:
                self.opt.zero_grad()
                logits = self.model(x)
                loss = self.crit(logits, y)
                loss.backward()
                self.opt.step()
                tot += loss.item()
                for cb in self.callbacks:
                    cb.on_batch_end(logits, y)  # coach-line: memory-growth
            print(f"epoch {ep} loss {tot / len(dl):.4f}")


torch.manual_seed(81)
X = torch.randn(1280, 20)
y = (X[:, :5].sum(1) > 0).long()
hist = History()  # coach-also: loss-keeps-graph
dl = DataLoader(TensorDataset(X, y), batch_size=64, shuffle=True)
Trainer(nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 2)), 2e-3, [hist]).fit(dl, 6)
print("running accuracy", hist.accuracy())
