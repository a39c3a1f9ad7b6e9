import gradbook as torch
from gradbook import nn

model = nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.95)
x, y = torch.randn(32, 4), torch.randint(0, 2, (32,))
for epoch in range(10):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    scheduler.step()  # coach: scheduler-order; fix: scheduler.step()
    optimizer.step()
