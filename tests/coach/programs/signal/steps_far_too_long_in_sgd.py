import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=20.0)  # coach: update-ratio-high; fix: lr=
x, y = torch.randn(64, 8), torch.randint(0, 4, (64,))
for step in range(12):  # coach-also: learning-rate-too-high, loss-diverged
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
