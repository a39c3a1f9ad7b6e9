# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(80, 5)
y = x @ torch.randn(5, 1) + 0.1 * torch.randn(80, 1)
model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
# %% [2]
for lr in (0.05, 0.01, 0.002):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for epoch in range(10):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    print(f"lr {lr}: loss {loss.item():.4f}")
