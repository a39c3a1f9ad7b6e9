# My first neural net!! temperature: Fahrenheit to "feels like" class
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

x = torch.randn(300, 2)  # coach: unseeded; fix: torch.manual_seed(
y = torch.zeros(300).long()
y[x[:, 0] + 0.5 * x[:, 1] > 0.5] = 1
y[x[:, 0] + 0.5 * x[:, 1] < -0.5] = 2

loader = DataLoader(TensorDataset(x[:240], y[:240]), batch_size=24, shuffle=True)

model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3))  # coach-line: unseeded
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(10):
    model.train()
    total = 0.0
    for inputs, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
    print("epoch", epoch + 1, "loss", total / len(loader))

model.eval()
with torch.no_grad():
    acc = (model(x[240:]).argmax(1) == y[240:]).float().mean()
print("accuracy", acc.item())
