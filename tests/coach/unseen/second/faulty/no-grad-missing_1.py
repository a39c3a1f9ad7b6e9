import gradbook as torch
import gradbook.nn as nn
import gradbook.optim as optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)
X = torch.randn(300, 8)
y = (X[:, 0] * X[:, 1] > 0).long()
train_loader = DataLoader(TensorDataset(X[:240], y[:240]), batch_size=24, shuffle=True)
val_loader = DataLoader(TensorDataset(X[240:], y[240:]), batch_size=20)

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.01)

for epoch in range(5):
    model.train()
    for inputs, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()

    model.eval()
    val_loss, correct = 0.0, 0
    for inputs, labels in val_loader:
        outputs = model(inputs)  # coach: no-grad-missing; fix: no_grad()
        val_loss += criterion(outputs, labels).item()
        correct += (outputs.argmax(1) == labels).sum().item()
    print(f'Epoch {epoch+1}, Val loss {val_loss/3:.3f}, Val acc {correct/60:.3f}')
