import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(64, 4), torch.randint(0, 2, (64,))
for step in range(5):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x[:48]), y[:48]).backward()
    optimizer.step()
with torch.no_grad():
    scores = model(x[48:])  # coach: eval-mode-missing; fix: model.eval()
print((scores.argmax(1) == y[48:]).float().mean().item())
