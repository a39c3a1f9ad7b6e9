"""Project: does a student pass? (tabular, binary)"""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(12)


def make_students(n=500):
    hours = 10 * torch.rand(n)
    sleep = 7 + 1.5 * torch.randn(n)
    past = torch.randn(n)
    logit = 0.8 * (hours - 5) + 0.5 * (sleep - 7) + 1.2 * past
    passed = (torch.rand(n) < torch.sigmoid(logit)).float().unsqueeze(1)
    table = torch.stack([(hours - 5) / 2.9, (sleep - 7) / 1.5, past], dim=1)
    return TensorDataset(table, passed)


class PassNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(3, 16, bias=False), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, t):
        return self.layers(t)


bce = nn.BCEWithLogitsLoss()


def train_one_epoch(model, loader, optimizer):
    model.train()
    for table, passed in loader:
        optimizer.zero_grad()
        bce(model(table), passed).backward()
        optimizer.step()


def validate(model, loader):  # coach-line: no-grad-missing
    model.eval()  # coach-line: no-grad-missing
    total, correct, seen = 0.0, 0, 0
    for table, passed in loader:  # coach: no-grad-missing; fix: torch.no_grad()
        logits = model(table)  # coach-line: no-grad-missing
        total += bce(logits, passed).item() * len(table)
        correct += ((logits > 0).float() == passed).sum().item()
        seen += len(table)
    return total / seen, correct / seen


train_part, valid_part = random_split(make_students(), [400, 100])
train_loader = DataLoader(train_part, batch_size=40, shuffle=True)
valid_loader = DataLoader(valid_part, batch_size=50)
model = PassNet()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(6):
    train_one_epoch(model, train_loader, optimizer)
    vl, va = validate(model, valid_loader)
    print(f"epoch {epoch}: valid loss {vl:.3f}, valid accuracy {va:.2f}")
