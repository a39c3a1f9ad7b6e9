import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, random_split


class SetEncoder(nn.Module):
    """DeepSets: phi on each element, mean, then rho."""

    def __init__(self, elem=3, hidden=32, classes=3):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(elem, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.rho = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, classes))

    def forward(self, s):
        return self.rho(self.phi(s).mean(dim=1))


class Trainer:
    def __init__(self, model, train_set, val_set, lr=3e-3):
        self.model = model
        self.train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
        self.val_loader = DataLoader(val_set, batch_size=64)
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)

    def train(self):
        self.model.train()
        for s, y in self.train_loader:
            loss = F.cross_entropy(self.model(s), y)
            self.optimizer.zero_grad()
            loss.backward()  # coach-also: nothing-requires-grad
            self.optimizer.step()

    def validate(self):
        self.model.eval()
        torch.set_grad_enabled(False)  # coach: training-under-no-grad
        hits = 0
        for s, y in self.val_loader:
            hits += (self.model(s).argmax(-1) == y).sum().item()
        return hits / len(self.val_loader.dataset)

    def run(self, epochs):
        for epoch in range(epochs):
            self.train()
            acc = self.validate()
            print(f"epoch {epoch} val acc {acc:.3f}")


def make_sets(n=480, size=6):
    y = torch.arange(n) % 3
    spread = torch.tensor([0.4, 1.0, 1.6])[y].view(-1, 1, 1)
    return TensorDataset(spread * torch.randn(n, size, 3), y)


torch.manual_seed(2)
train_set, val_set = random_split(make_sets(), [384, 96])
Trainer(SetEncoder(), train_set, val_set).run(epochs=5)
