import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=1.0)  # coach: update-ratio-high; fix: optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
x, y = torch.randn(64, 8), torch.randint(0, 3, (64,))
for step in range(8):  # coach-also: learning-rate-too-high
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
