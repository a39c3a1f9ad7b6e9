import gradbook as torch
from gradbook import nn

model = nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(64, 4), torch.randint(0, 2, (64,))
for epoch in range(3):
    model.train()
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x[:48]), y[:48]).backward()
    optimizer.step()
    model.eval()
    scores = model(x[48:])  # coach: no-grad-missing; fix: with torch.no_grad():
    print((scores.argmax(1) == y[48:]).float().mean().item())
