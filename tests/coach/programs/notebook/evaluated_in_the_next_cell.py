# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
X = torch.randn(80, 6)
Y = (X.sum(1) > 0).long()
# %% [2]
model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
# %% [3]
for epoch in range(10):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(X[:60]), Y[:60])
    loss.backward()
    optimizer.step()
# %% [4]
with torch.no_grad():
    predicted = model(X[60:]).argmax(1)  # coach: eval-mode-missing; fix: model.eval()
# %% [5]
print("accuracy", (predicted == Y[60:]).float().mean().item())
