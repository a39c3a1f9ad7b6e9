import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

ds = TensorDataset(torch.randn(80, 6), torch.randint(0, 3, (80,)))
loader = DataLoader(ds, batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(3):
    running_loss = 0.0
    for inputs, labels in loader:
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss  # coach: loss-keeps-graph; fix: running_loss += loss.item()
    print(f"epoch {epoch}: {running_loss / len(loader):.3f}")
