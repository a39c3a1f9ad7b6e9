import gradbook as torch
import gradbook.nn as nn


def make_model():
    return nn.Sequential(nn.Linear(3, 10), nn.ReLU(), nn.Linear(10, 2))


x, y = torch.randn(60, 3), torch.randint(0, 2, (60,))
model = make_model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # coach: stale-optimizer; fix: torch.optim.SGD(model.parameters(), lr=0.1)
scores = []
for fold in range(3):
    model = make_model()
    held_out = torch.arange(60) % 3 == fold
    for step in range(8):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x[~held_out]), y[~held_out])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        scores.append((model(x[held_out]).argmax(1) == y[held_out]).float().mean().item())
print(scores)
