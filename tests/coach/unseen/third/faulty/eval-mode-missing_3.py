import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(29)


class ConvText(nn.Module):
    """Kim-style: convolutions of three widths over embedded words, max over time."""

    def __init__(self, vocab, emb=24, channels=12, classes=3):
        super().__init__()
        self.emb = nn.Embedding(vocab, emb)
        self.convs = nn.ModuleList([nn.Conv1d(emb, channels, k) for k in (2, 3, 4)])
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(3 * channels, classes)

    def forward(self, ids):
        x = self.emb(ids).transpose(1, 2)
        pooled = [F.relu(conv(x)).amax(dim=2) for conv in self.convs]
        return self.fc(self.drop(torch.cat(pooled, dim=1)))


def sentences(n, vocab=50, length=15):
    label = torch.randint(0, 3, (n,))
    ids = torch.randint(10, vocab, (n, length))
    at = torch.randint(0, length - 1, (n,))
    rows = torch.arange(n)
    ids[rows, at] = label * 2
    ids[rows, at + 1] = label * 2 + 1
    return TensorDataset(ids, label)


def train_epoch(model, loader, optimizer):
    model.train()
    for ids, label in loader:
        loss = F.cross_entropy(model(ids), label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def validate(model, loader):  # coach-line: eval-mode-missing
    correct = total = 0
    with torch.no_grad():  # coach: eval-mode-missing; fix: model.eval()
        for ids, label in loader:
            correct += (model(ids).argmax(dim=1) == label).sum().item()
            total += label.numel()
    return correct / total


model = ConvText(50)
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
train_loader = DataLoader(sentences(320), batch_size=32, shuffle=True)
val_loader = DataLoader(sentences(96), batch_size=48)
for epoch in range(6):
    train_epoch(model, train_loader, optimizer)
    print(f"epoch {epoch}: val acc {validate(model, val_loader):.3f}")
