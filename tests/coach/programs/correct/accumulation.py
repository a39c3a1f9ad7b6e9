import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x, steps = torch.randn(64, 4), 4
y = x.sum(1, keepdim=True)
for epoch in range(3):
    optimizer.zero_grad()
    for k, i in enumerate(range(0, 64, 8)):
        loss = nn.functional.mse_loss(model(x[i : i + 8]), y[i : i + 8]) / steps
        loss.backward()
        if (k + 1) % steps == 0:
            optimizer.step()
            optimizer.zero_grad()
