import gradbook as torch
from gradbook import nn

x, y = torch.randn(200, 4), torch.zeros(200, dtype=torch.long)
y[::25] = 1
model = nn.Linear(4, 2)
criterion = nn.CrossEntropyLoss()  # coach: class-imbalance; fix: criterion = nn.CrossEntropyLoss(weight=torch.tensor([0.521, 12.5]))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(5):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
