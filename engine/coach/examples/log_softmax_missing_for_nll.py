import gradbook as torch
from gradbook import nn

model = nn.Linear(4, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(32, 4), torch.randint(0, 3, (32,))
for step in range(5):
    scores = model(x)
    loss = nn.functional.nll_loss(scores, y)  # coach: log-softmax-missing-for-nll; fix: loss = nn.functional.cross_entropy(scores, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
