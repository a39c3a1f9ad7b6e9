import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 5))
with torch.no_grad():
    model[2].weight.mul_(300)  # coach: suspicious-initial-loss; fix: nn.init
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
x, y = torch.randn(64, 8), torch.randint(0, 5, (64,))
for step in range(8):
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()  # coach-also: bad-init
