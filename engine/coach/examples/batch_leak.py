import gradbook as torch
from gradbook import nn

model = nn.Sequential(
    nn.Linear(6, 16),
    nn.ReLU(),
    nn.Linear(16, 3),
    nn.LogSoftmax(dim=0),  # coach: batch-leak; fix: nn.LogSoftmax(dim=1)
)
# coach-also: log-softmax-missing-for-nll, batch-axis-mixed
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(5):
    x, y = torch.randn(32, 6), torch.randint(0, 3, (32,))
    optimizer.zero_grad()
    nn.functional.nll_loss(model(x), y).backward()
    optimizer.step()
