import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
nn.init.constant_(model[0].bias, -20.0)  # coach: dead-relu; fix: nn.init.constant_(model[0].bias, 0.0)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(64, 10), torch.randint(0, 2, (64,))
for epoch in range(6):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
