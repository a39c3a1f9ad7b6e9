import gradbook as torch
from gradbook import nn

model = nn.Linear(20, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x, y = torch.randn(64, 20), torch.randint(0, 10, (64,))
for step in range(5):
    scores = model(x) * 30  # coach: suspicious-initial-loss; fix: scores = model(x)
    loss = nn.functional.cross_entropy(scores, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
