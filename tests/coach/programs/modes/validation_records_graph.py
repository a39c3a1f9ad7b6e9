import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.randn(80, 12), torch.randint(0, 4, (80,)))
train_loader = DataLoader(data, batch_size=20, shuffle=True)
valid_loader = DataLoader(data, batch_size=40)
model = nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Dropout(0.2), nn.Linear(24, 4))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for epoch in range(2):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        criterion(model(xb), yb).backward()
        optimizer.step()
    model.eval()
    running = 0.0
    for xb, yb in valid_loader:
        running += criterion(model(xb), yb).item()  # coach: no-grad-missing; fix: with torch.no_grad():
    print(running / len(valid_loader))
