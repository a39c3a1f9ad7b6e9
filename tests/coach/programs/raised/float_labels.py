import gradbook as torch
from gradbook import nn

model = nn.Linear(5, 3)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.randn(20, 5)
labels = torch.tensor([float(i % 3) for i in range(20)])
for epoch in range(3):
    optimizer.zero_grad()
    loss = criterion(model(x), labels)  # coach: target-mismatch; fix: labels.long()
    loss.backward()
    optimizer.step()
