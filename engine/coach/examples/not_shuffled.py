import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

labels = torch.arange(3).repeat_interleave(24)  # all of class 0, then all of class 1, ...
data = TensorDataset(torch.randn(72, 4) + labels[:, None], labels)
loader = DataLoader(data, batch_size=8)  # coach: not-shuffled; fix: loader = DataLoader(data, batch_size=8, shuffle=True)
model = nn.Linear(4, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
