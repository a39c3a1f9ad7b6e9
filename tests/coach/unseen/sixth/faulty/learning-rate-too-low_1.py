import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

HPARAMS = {
    "hidden": 32,
    "batch_size": 40,
    "epochs": 12,
    "learning_rate": 1e-7,  # coach: learning-rate-too-low
    "momentum": 0.9,
}


def make_segments(n=800, k=4, d=6):
    centres = 1.2 * torch.randn(k, d)
    label = torch.randint(0, k, (n,))
    x = centres[label] + 0.8 * torch.randn(n, d)
    return (x - x.mean(0)) / x.std(0), label


class SegmentTrainer:
    def __init__(self, hp, d, k):
        self.hp = hp
        self.net = nn.Sequential(nn.Linear(d, hp["hidden"]), nn.ReLU(), nn.Linear(hp["hidden"], k))
        self.opt = torch.optim.SGD(self.net.parameters(), lr=hp["learning_rate"], momentum=hp["momentum"])  # coach-line: learning-rate-too-low
        self.ce = nn.CrossEntropyLoss()

    def fit(self, loader):
        for epoch in range(self.hp["epochs"]):
            acc_loss = 0.0
            for xb, yb in loader:
                self.opt.zero_grad()
                loss = self.ce(self.net(xb), yb)  # coach-also: loss-plateau
                loss.backward()
                self.opt.step()  # coach-also: update-ratio-low
                acc_loss += loss.item()
            print(f"epoch {epoch}: train loss {acc_loss / len(loader):.5f}")

    def accuracy(self, x, y):
        self.net.eval()
        with torch.no_grad():
            return (self.net(x).argmax(1) == y).float().mean().item()


torch.manual_seed(77)
X, seg = make_segments()
loader = DataLoader(TensorDataset(X[:640], seg[:640]), batch_size=HPARAMS["batch_size"], shuffle=True)
trainer = SegmentTrainer(HPARAMS, X.shape[1], 4)
trainer.fit(loader)
print("holdout accuracy", trainer.accuracy(X[640:], seg[640:]))
