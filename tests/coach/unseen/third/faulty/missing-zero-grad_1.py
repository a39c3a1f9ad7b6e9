"""Homework 3: tell three kinds of wine apart from eight lab measurements."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

N_FEATURES, N_CLASSES, EPOCHS = 8, 3, 5
centers = 0.8 * torch.randn(N_CLASSES, N_FEATURES)


def make_split(n):
    y = torch.arange(n) % N_CLASSES
    x = centers[y] + torch.randn(n, N_FEATURES)
    return x, y


x_train, y_train = make_split(768)
x_val, y_val = make_split(384)
mean, std = x_train.mean(0), x_train.std(0)
x_train, x_val = (x_train - mean) / std, (x_val - mean) / std

train_loader = DataLoader(TensorDataset(x_train, y_train), batch_size=32, shuffle=True)
val_loader = DataLoader(TensorDataset(x_val, y_val), batch_size=64)


def train(model, loader, criterion, optimizer):
    model.train()
    running = 0.0
    for inputs, labels in loader:
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()  # coach: missing-zero-grad; fix: optimizer.zero_grad()
        optimizer.step()  # coach-line: missing-zero-grad
        running += loss.item() * inputs.size(0)
    return running / len(loader.dataset)


def validate(model, loader, criterion):
    model.eval()
    running, correct = 0.0, 0
    with torch.no_grad():
        for inputs, labels in loader:
            outputs = model(inputs)
            running += criterion(outputs, labels).item() * inputs.size(0)
            correct += (outputs.argmax(1) == labels).sum().item()
    return running / len(loader.dataset), correct / len(loader.dataset)


model = nn.Sequential(nn.Linear(N_FEATURES, 32), nn.ReLU(), nn.Linear(32, N_CLASSES))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02)

for epoch in range(EPOCHS):
    train_loss = train(model, train_loader, criterion, optimizer)
    val_loss, val_acc = validate(model, val_loader, criterion)
    print(f"epoch {epoch + 1}: train {train_loss:.3f}  val {val_loss:.3f}  acc {val_acc:.2%}")
