"""Which hidden size is best? Each one is trained once, best score wins."""
import gradbook as torch
from gradbook import nn

X = torch.randn(200, 6)  # coach: unseeded; fix: manual_seed(
y = (X[:, :2].prod(dim=1) > 0).long()
train, val = slice(0, 150), slice(150, 200)

scores = {}
for width in (8, 16, 32):
    model = nn.Sequential(nn.Linear(6, width), nn.ReLU(), nn.Linear(width, 2))
    opt = torch.optim.Adam(model.parameters(), lr=2e-2)
    for step in range(20):
        idx = torch.randperm(150)[:50]
        loss = nn.functional.cross_entropy(model(X[train][idx]), y[train][idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        scores[width] = (model(X[val]).argmax(1) == y[val]).float().mean().item()
    print(width, round(scores[width], 3))
print("best width:", max(scores, key=scores.get))
