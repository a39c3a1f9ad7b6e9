"""Project: recognise four movements from three body sensors (arm, leg, chest)."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(16)
SENSORS, FEATURES, CLASSES = 3, 10, 4
typical = torch.randn(CLASSES, SENSORS, FEATURES)


def record(n):
    y = torch.arange(n) % CLASSES
    x = typical[y] + torch.randn(n, SENSORS, FEATURES)
    return TensorDataset(x / 2 ** 0.5, y)


class SensorNet(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.branches = nn.ModuleList([nn.Linear(FEATURES, width) for _ in range(SENSORS)])
        self.classifier = nn.Linear(SENSORS * width, CLASSES)

    def forward(self, x):
        parts = [F.relu(branch(x[:, i])) for i, branch in enumerate(self.branches)]
        joined = torch.stack(parts)  # coach-line: batch-axis-mixed
        joined = joined.view(x.size(0), -1)  # coach: batch-axis-mixed
        return self.classifier(joined)


def evaluate(model, loader):
    model.eval()
    correct = 0
    with torch.no_grad():
        for x, y in loader:
            correct += (model(x).argmax(1) == y).sum().item()
    return correct / len(loader.dataset)


train_loader = DataLoader(record(480), batch_size=32, shuffle=True)
test_loader = DataLoader(record(160), batch_size=32)
model = SensorNet()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(6):
    model.train()
    losses = []
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"epoch {epoch}: loss {sum(losses) / len(losses):.3f}, accuracy {evaluate(model, test_loader):.3f}")  # coach-also: loss-plateau
