import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(112)
NUM_CLASSES = 4
anchors = torch.randn(NUM_CLASSES, 18)


def get_loader(n, batch_size, shuffle):
    y = torch.arange(n) % NUM_CLASSES
    x = (anchors[y] + 1.2 * torch.randn(n, 18)) / 1.56
    return DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=shuffle)


def mixup(x, y, low=0.6):
    lam = low + (1 - low) * torch.rand(x.size(0), 1)
    other = torch.randperm(x.size(0))
    soft = F.one_hot(y, NUM_CLASSES).float()
    return lam * x + (1 - lam) * x[other], lam * soft + (1 - lam) * soft[other]


def train_one_epoch(model, loader, optimizer):
    model.train()
    total = 0.0
    for x, y in loader:
        x_mixed, y_mixed = mixup(x, y)
        loss = F.cross_entropy(model(x_mixed), y_mixed)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(loader)


@torch.no_grad()
def accuracy(model, loader):
    model.eval()
    hits = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    return hits / len(loader.dataset)


if __name__ == "__main__":
    train_loader, val_loader = get_loader(400, 40, True), get_loader(200, 100, False)
    model = nn.Sequential(nn.Linear(18, 40), nn.ReLU(), nn.Linear(40, NUM_CLASSES))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.5)
    for epoch in range(8):
        loss = train_one_epoch(model, train_loader, optimizer)
        scheduler.step()
        print(f"epoch {epoch}: mixup loss {loss:.3f}, val acc {accuracy(model, val_loader):.3f}")
