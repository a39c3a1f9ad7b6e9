# rock / paper / scissors: guess what my little brother plays next
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(33)

moves = [0]
for t in range(500):
    r = torch.rand(1).item()
    moves.append((moves[-1] + 1) % 3 if r < 0.8 else int(3 * torch.rand(1).item()))
moves = torch.tensor(moves)
onehot = torch.eye(3)[moves]
X = torch.cat([onehot[:-2], onehot[1:-1]], dim=1)
y = moves[2:]
print(X.shape, y.shape)

train_loader = DataLoader(TensorDataset(X[:400], y[:400]), batch_size=20, shuffle=True)
test_loader = DataLoader(TensorDataset(X[400:], y[400:]), batch_size=20)

brain = nn.Sequential(nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(brain.parameters(), lr=0.01)

for epoch in range(6):
    brain.train()
    total_loss = 0.0
    for inputs, labels in train_loader:
        optimizer.zero_grad()
        outputs = brain(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        total_loss += loss.item()
    print("epoch %d loss %.3f" % (epoch, total_loss / len(train_loader)))

brain.eval()
correct, total = 0, 0
with torch.no_grad():
    for inputs, labels in test_loader:
        guess = brain(inputs).argmax(dim=1)
        correct += (guess == labels).item()  # coach: item-on-non-scalar; fix: .sum().item()
        total += labels.size(0)
print("accuracy", correct / total)
