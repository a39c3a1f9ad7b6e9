import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class SparseClassifier(nn.Module):
    def __init__(self, in_dim=40, width=64, classes=5):
        super().__init__()
        self.fc1 = nn.Linear(in_dim, width)
        self.fc2 = nn.Linear(width, width)
        self.fc3 = nn.Linear(width, classes)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


class Engine:
    def __init__(self, model, loader, lr=1e-3):
        self.model, self.loader = model, loader
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)

    def criterion(self, logits, target):
        task = F.cross_entropy(logits, target)
        penalty = sum(p.abs().sum() for n, p in self.model.named_parameters() if n.endswith("weight"))  # coach-line: regularisation-dominates
        loss = task + 0.1 * penalty  # coach: regularisation-dominates
        return loss, {"task": task.item(), "l1": penalty.item()}

    def run(self, epochs):
        self.model.train()
        for epoch in range(epochs):
            hits = 0
            for x, target in self.loader:
                logits = self.model(x)  # coach-also: constant-predictions
                loss, parts = self.criterion(logits, target)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                hits += (logits.argmax(1) == target).sum().item()
            acc = hits / len(self.loader.dataset)
            print(f"epoch {epoch}: acc {acc:.3f} task {parts['task']:.3f} l1 {parts['l1']:.1f}")


torch.manual_seed(8)
target = torch.arange(600) % 5
x = torch.randn(600, 40)
x[:, :8] += 1.5 * torch.randn(5, 8)[target]
x = (x - x.mean(0)) / x.std(0)
Engine(SparseClassifier(), DataLoader(TensorDataset(x, target), batch_size=50, shuffle=True)).run(epochs=8)
