import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(23)

# a logistic regression that learns
x = torch.randn(300, 5)
y = (x @ torch.tensor([1.0, -2.0, 0.5, 0.0, 1.0]) > 0).long()
model = nn.Linear(5, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(60):
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
