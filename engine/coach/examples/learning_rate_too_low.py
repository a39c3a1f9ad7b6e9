import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=1e-9)  # coach: learning-rate-too-low; fix: optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x, y = torch.randn(90, 4), torch.randint(0, 3, (90,))
for epoch in range(40):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
