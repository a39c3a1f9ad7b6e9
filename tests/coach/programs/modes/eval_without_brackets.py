import gradbook as torch
import gradbook.nn as nn

model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))
o = torch.optim.Adam(model.parameters())
X = torch.randn(40, 4)
Y = torch.randint(0, 2, (40,))
for e in range(3):
    model.train()
    for i in range(0, 32, 8):
        o.zero_grad()
        nn.functional.cross_entropy(model(X[i : i + 8]), Y[i : i + 8]).backward()
        o.step()
    model.eval  # coach: eval-mode-missing; fix: model.eval()
    with torch.no_grad():
        print((model(X[32:]).argmax(1) == Y[32:]).float().mean().item())
