import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(71)


class ValidationCallback:
    def __init__(self, x, y):
        self.x, self.y = x, y
        self.best = float("inf")

    def on_epoch_end(self, epoch, model):
        model.eval()  # coach: train-mode-not-restored; fix: .train()
        with torch.no_grad():
            logits = model(self.x)
            val = F.cross_entropy(logits, self.y).item()
            acc = (logits.argmax(1) == self.y).float().mean().item()
        self.best = min(self.best, val)
        print(f"epoch {epoch}: val_loss {val:.4f} val_acc {acc:.3f} best {self.best:.4f}")


class Net(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.fc1 = nn.Linear(n_in, 48, bias=False)
        self.bn1 = nn.BatchNorm1d(48)
        self.drop = nn.Dropout(0.25)
        self.fc2 = nn.Linear(48, n_out)

    def forward(self, x):
        return self.fc2(self.drop(torch.relu(self.bn1(self.fc1(x)))))


def fit(model, opt, loader, epochs, callbacks):
    model.train()
    for epoch in range(epochs):  # coach-line: train-mode-not-restored
        for x, y in loader:
            opt.zero_grad()
            F.cross_entropy(model(x), y).backward()
            opt.step()
        for cb in callbacks:
            cb.on_epoch_end(epoch, model)


mu = torch.randn(4, 12)
y = torch.randint(0, 4, (520,))
X = mu[y] + torch.randn(520, 12)
X = (X - X[:400].mean(0)) / X[:400].std(0)

net = Net(12, 4)
optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
data = DataLoader(TensorDataset(X[:400], y[:400]), batch_size=40, shuffle=True)
fit(net, optimizer, data, epochs=6, callbacks=[ValidationCallback(X[400:], y[400:])])
