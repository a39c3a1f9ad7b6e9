import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, weight_decay=10.0)  # coach: regularisation-dominates; fix: optimizer = torch.optim.SGD(model.parameters(), lr=0.01, weight_decay=1e-4)
x = torch.randn(100, 10)
y = (x[:, 0] > 0).long()
for epoch in range(10):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
