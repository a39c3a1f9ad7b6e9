import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


class TicketDataset(Dataset):
    """Support tickets as exported from the warehouse (ORDER BY queue)."""

    def __init__(self, per_queue=150, n_queues=4, dim=10, centres=None):
        self.centres = 1.1 * torch.randn(n_queues, dim) if centres is None else centres
        rows, labels = [], []
        for q in range(n_queues):
            rows.append(self.centres[q] + torch.randn(per_queue, dim))
            labels.append(torch.full((per_queue,), q).long())
        self.x = torch.cat(rows)
        self.y = torch.cat(labels)
        self.x = (self.x - self.x.mean(0)) / self.x.std(0)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


def train(model, loader, optimizer, criterion):
    model.train()
    running = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item()
    return running / len(loader)


def validate(model, loader):
    model.eval()
    correct = seen = 0
    with torch.no_grad():
        for x, y in loader:
            correct += (model(x).argmax(1) == y).sum().item()
            seen += len(y)
    return correct / seen


if __name__ == "__main__":
    torch.manual_seed(55)
    train_set = TicketDataset()
    val_set = TicketDataset(per_queue=40, centres=train_set.centres)
    train_loader = DataLoader(train_set, batch_size=30)  # coach: not-shuffled; fix: shuffle=True
    val_loader = DataLoader(val_set, batch_size=80)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 4))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(8):
        loss = train(model, train_loader, optimizer, criterion)
        print(f"epoch {epoch}: loss {loss:.3f}, val acc {validate(model, val_loader):.3f}")
