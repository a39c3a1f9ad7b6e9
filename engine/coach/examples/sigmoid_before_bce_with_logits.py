import gradbook as torch
from gradbook import nn

model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(32, 4), torch.randint(0, 2, (32, 1)).float()
for step in range(5):
    p = torch.sigmoid(model(x))  # coach: sigmoid-before-bce-with-logits; fix: p = model(x)
    loss = nn.functional.binary_cross_entropy_with_logits(p, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
