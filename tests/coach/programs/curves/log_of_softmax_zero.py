import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
x = torch.randn(60, 4)
x[7] = 5000.0
y = nn.functional.one_hot(torch.randint(0, 3, (60,)), 3).float()

for epoch in range(10):
    p = torch.softmax(model(x), dim=1)
    loss = -(y * torch.log(p)).sum(1).mean()  # coach: nan-origin; fix: torch.log(p.clamp(min=1e-8))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
