import gradbook as torch
from gradbook import nn

encoder, head = nn.Linear(3, 8), nn.Linear(8, 1)
optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.01)
x, y = torch.randn(32, 3), torch.randn(32, 1)
for step in range(5):
    with torch.no_grad():  # coach: training-under-no-grad; fix: features = encoder(x).relu()
        features = encoder(x).relu()
    loss = nn.functional.mse_loss(head(features), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
