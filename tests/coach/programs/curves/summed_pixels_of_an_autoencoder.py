import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
images = torch.rand(64, 1, 8, 8)
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 64), nn.Unflatten(1, (1, 8, 8)))
criterion = nn.MSELoss(reduction="sum")  # coach: update-ratio-high; fix: nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(15):
    optimizer.zero_grad()
    loss = criterion(model(images), images)
    loss.backward()
    optimizer.step()  # coach-also: learning-rate-too-high, dead-relu, exploding-gradients, degenerate-activation, constant-predictions
