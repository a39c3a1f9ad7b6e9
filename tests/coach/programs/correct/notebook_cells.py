import gradbook as torch
import gradbook.nn as nn

X = torch.randn(60, 5)
Y = (X[:, 0] > 0).long()
model = nn.Sequential(nn.Linear(5, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2))
out = model(X)
print(out.shape, nn.functional.cross_entropy(out, Y).item())
opt = torch.optim.Adam(model.parameters(), 1e-3)
losses = []
for e in range(10):
    idx = torch.randperm(60)[:20]
    opt.zero_grad()
    l = nn.functional.cross_entropy(model(X[idx]), Y[idx])
    l.backward()
    opt.step()
    losses.append(l.item())
model.eval()
with torch.no_grad():
    probs = model(X).softmax(1)
print(probs[:3], (probs.argmax(1) == Y).float().mean())
