import gradbook as torch
from gradbook import nn

x = torch.linspace(-1, 1, 64).unsqueeze(1)
y = (3 * x).sin()
for width in (8, 64):
    model = nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Linear(width, 1))  # coach: unseeded; fix: torch.manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(20):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    print(width, loss.item())
