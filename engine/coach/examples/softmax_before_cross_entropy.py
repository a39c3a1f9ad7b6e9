import gradbook as torch
from gradbook import nn

model = nn.Sequential(
    nn.Linear(4, 3),
    nn.Softmax(dim=1),  # coach: softmax-before-cross-entropy
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(32, 4), torch.randint(0, 3, (32,))
for step in range(5):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
