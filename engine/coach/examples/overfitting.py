import gradbook as torch
from gradbook import nn

x = torch.randn(80, 15)
y = ((x[:, 0] + 1.5 * torch.randn(80)) > 0).long()
model = nn.Sequential(nn.Linear(15, 64), nn.ReLU(), nn.Linear(64, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(60):  # coach: overfitting; fix: weight_decay
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x[:40]), y[:40]).backward()
    optimizer.step()
    with torch.no_grad():
        print(epoch, nn.functional.cross_entropy(model(x[40:]), y[40:]).item())
