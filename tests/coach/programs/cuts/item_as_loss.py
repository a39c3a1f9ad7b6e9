import gradbook as torch
import gradbook.nn as nn

model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
inputs = torch.randn(48, 6)
targets = inputs[:, :1] * 2 - inputs[:, 1:2]

for epoch in range(8):
    optimizer.zero_grad()
    loss = criterion(model(inputs), targets)
    loss = torch.tensor(loss.item(), requires_grad=True)  # coach: detached-graph; fix: loss.backward()
    loss.backward()
    optimizer.step()
