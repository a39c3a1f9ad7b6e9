import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(20)

species = ["oak", "birch", "maple", "ash"]
means = 0.9 * torch.randn(len(species), 6)


def load_leaves(per_species):
    rows, labels = [], []
    for i, name in enumerate(species):
        rows.append(means[i] + torch.randn(per_species, 6))
        labels.append(torch.full((per_species,), i))
    return torch.cat(rows), torch.cat(labels)


X_train, y_train = load_leaves(128)
X_test, y_test = load_leaves(50)
mu, sd = X_train.mean(0), X_train.std(0)
X_train = (X_train - mu) / sd
X_test = (X_test - mu) / sd

train_loader = DataLoader(TensorDataset(X_train, y_train), batch_size=32)  # coach: not-shuffled; fix: shuffle=True
test_loader = DataLoader(TensorDataset(X_test, y_test), batch_size=50)

model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, len(species)))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

for epoch in range(10):
    model.train()
    train_loss = 0.0
    for inputs, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()

    model.eval()
    correct = 0
    with torch.no_grad():
        for inputs, labels in test_loader:
            correct += (model(inputs).argmax(1) == labels).sum().item()
    print(f"Epoch {epoch + 1}: loss {train_loss / len(train_loader):.3f}, test accuracy {correct / len(y_test):.3f}")
