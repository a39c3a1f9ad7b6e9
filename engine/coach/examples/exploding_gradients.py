import gradbook as torch
from gradbook import nn

model = nn.Sequential(*[layer for i in range(8) for layer in (nn.Linear(32, 32), nn.ReLU())], nn.Linear(32, 32))
for layer in model[::2]:
    nn.init.normal_(layer.weight, std=1.0)  # coach: exploding-gradients; fix: nn.init.xavier_uniform_(layer.weight)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-12)
x, y = torch.randn(64, 32), torch.randn(64, 32)
for step in range(5):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
