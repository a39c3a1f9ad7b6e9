import gradbook as torch
from gradbook import nn

encoder, head = nn.Linear(3, 8), nn.Linear(8, 1)
optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.01)
x, y = torch.randn(32, 3), torch.randn(32, 1)
for step in range(5):
    features = encoder(x).detach()  # coach: detached-graph; fix: features = encoder(x)
    loss = nn.functional.mse_loss(head(features), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
