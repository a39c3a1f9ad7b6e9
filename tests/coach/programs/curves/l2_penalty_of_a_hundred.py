import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
x, y = torch.randn(60, 4), torch.randint(0, 3, (60,))
for epoch in range(8):
    l2 = sum(p.pow(2).sum() for p in model.parameters())
    loss = nn.functional.cross_entropy(model(x), y) + 100.0 * l2  # coach: regularisation-dominates; fix: 0.01 * l2
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
