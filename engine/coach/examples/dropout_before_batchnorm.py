import gradbook as torch
from gradbook import nn

model = nn.Sequential(
    nn.Linear(4, 16, bias=False),
    nn.Dropout(0.5),  # coach: dropout-before-batchnorm; fix: nn.Linear(4, 16, bias=False)
    nn.BatchNorm1d(16),
    nn.ReLU(),
    nn.Linear(16, 1),
)
x, y = torch.randn(32, 4), torch.randn(32, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for step in range(5):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
