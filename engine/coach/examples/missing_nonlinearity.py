import gradbook as torch
from gradbook import nn

model = nn.Sequential(
    nn.Linear(4, 16),  # coach: missing-nonlinearity; fix: nn.Linear(4, 16), nn.ReLU()
    nn.Linear(16, 1),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(32, 4), torch.randn(32, 1)
for step in range(5):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
