import gradbook as torch
from gradbook import nn

LEARNING_RATE = 15.0  # coach: learning-rate-too-high; fix: LEARNING_RATE = 0.
STEPS = 30

torch.manual_seed(1)
x = torch.randn(100, 3)
y = x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.1 * torch.randn(100, 1)
model = nn.Linear(3, 1)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
for step in range(STEPS):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
