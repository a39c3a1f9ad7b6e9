import gradbook as torch
from gradbook import nn

model = nn.Sequential(
    nn.Linear(5, 1),
    nn.Softmax(dim=1),  # coach: degenerate-activation; fix: nn.Sigmoid()
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.randn(40, 5)
y = (x[:, :1] > 0).float()
for step in range(5):
    optimizer.zero_grad()
    nn.functional.binary_cross_entropy(model(x), y).backward()
    optimizer.step()
