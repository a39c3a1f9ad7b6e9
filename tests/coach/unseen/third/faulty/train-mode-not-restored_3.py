import copy
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(90)

# remaining useful life from vibration windows
N, T = 320, 30
wear = torch.rand(N)
noise = torch.randn(N, 2, T)
signal = noise * (0.3 + wear.view(-1, 1, 1)) + torch.sin(torch.arange(T) * 0.7) * (1 - wear.view(-1, 1, 1))
signal = (signal - signal.mean()) / signal.std()
life = ((1 - wear) - 0.5) / 0.29
train_loader = DataLoader(TensorDataset(signal[:256], life[:256]), batch_size=32, shuffle=True)
val_x, val_y = signal[256:], life[256:]

model = nn.Sequential(
    nn.Conv1d(2, 16, 5, bias=False),
    nn.BatchNorm1d(16),
    nn.ReLU(),
    nn.MaxPool1d(2),
    nn.Conv1d(16, 16, 3, bias=False),
    nn.BatchNorm1d(16),
    nn.ReLU(),
    nn.AdaptiveAvgPool1d(1),
    nn.Flatten(),
    nn.Dropout(0.2),
    nn.Linear(16, 1),
    nn.Flatten(0),
)
criterion = nn.HuberLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
best, best_state = float("inf"), None

model.train()  # coach-line: train-mode-not-restored
for epoch in range(8):  # coach: train-mode-not-restored; fix: model.train()
    running = 0.0
    for x, y in train_loader:  # coach-line: train-mode-not-restored
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item()

    model.eval()  # coach-line: train-mode-not-restored
    with torch.no_grad():
        val_loss = criterion(model(val_x), val_y).item()
    if val_loss < best:
        best, best_state = val_loss, copy.deepcopy(model.state_dict())
    print(f"epoch {epoch}: train {running / len(train_loader):.4f}  val {val_loss:.4f}")

model.load_state_dict(best_state)
print("best", round(best, 4))
