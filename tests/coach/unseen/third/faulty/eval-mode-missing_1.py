"""Lab 4: MLP with dropout on 10x10 symbol images."""
import gradbook as torch
import gradbook.nn as nn
import gradbook.optim as optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(10)
shapes = torch.randn(5, 100)


def load(n):
    target = torch.randint(0, 5, (n,))
    data = 0.6 * shapes[target] + torch.randn(n, 100)
    return TensorDataset(data / 1.17, target)


train_data, valid_data = load(600), load(300)
train_dl = DataLoader(train_data, batch_size=50, shuffle=True)
valid_dl = DataLoader(valid_data, batch_size=100)

model = nn.Sequential(
    nn.Linear(100, 64), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.3),
    nn.Linear(32, 5),
)
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.002)


def train():
    model.train()
    for data, target in train_dl:
        optimizer.zero_grad()
        loss = criterion(model(data), target)
        loss.backward()
        optimizer.step()
    return loss.item()


def validate():  # coach-line: eval-mode-missing
    loss_sum, correct = 0.0, 0
    with torch.no_grad():  # coach: eval-mode-missing; fix: model.eval()
        for data, target in valid_dl:
            output = model(data)  # coach-line: eval-mode-missing
            loss_sum += criterion(output, target).item()
            correct += output.argmax(dim=1).eq(target).sum().item()
    return loss_sum / len(valid_dl), correct / len(valid_data)


for epoch in range(1, 7):
    last = train()
    valid_loss, acc = validate()
    print(f"Epoch {epoch}  train {last:.3f}  valid {valid_loss:.3f}  accuracy {100 * acc:.1f}%")
