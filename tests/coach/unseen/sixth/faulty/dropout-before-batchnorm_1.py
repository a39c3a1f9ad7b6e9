import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class CreditScorer(nn.Module):
    def __init__(self, n_in, width=48, p=0.3):
        super().__init__()
        self.fc1 = nn.Linear(n_in, width, bias=False)
        self.bn1 = nn.BatchNorm1d(width)
        self.fc2 = nn.Linear(width, width, bias=False)
        self.bn2 = nn.BatchNorm1d(width)
        self.drop = nn.Dropout(p)
        self.out = nn.Linear(width, 2)

    def forward(self, x):
        x = torch.relu(self.bn1(self.fc1(x)))
        x = self.drop(self.fc2(x))  # coach: dropout-before-batchnorm
        x = torch.relu(self.bn2(x))  # coach-line: dropout-before-batchnorm
        return self.out(x)


class Trainer:
    def __init__(self, model, lr=1e-3, weight_decay=1e-4):
        self.model = model
        self.loss_fn = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)

    def train_epoch(self, loader):
        self.model.train()
        losses = []
        for features, label in loader:
            self.optimizer.zero_grad()
            loss = self.loss_fn(self.model(features), label)
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    @torch.no_grad()
    def validate(self, loader):
        self.model.eval()
        total = correct = 0
        for features, label in loader:
            correct += (self.model(features).argmax(-1) == label).sum().item()
            total += label.size(0)
        return correct / total


torch.manual_seed(8)
X = torch.randn(1000, 12)
y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).long()
train_dl = DataLoader(TensorDataset(X[:800], y[:800]), batch_size=80, shuffle=True)
val_dl = DataLoader(TensorDataset(X[800:], y[800:]), batch_size=200)
trainer = Trainer(CreditScorer(12))
for epoch in range(6):
    tr = trainer.train_epoch(train_dl)
    print(f"epoch {epoch}  loss {tr:.4f}  val acc {trainer.validate(val_dl):.3f}")
