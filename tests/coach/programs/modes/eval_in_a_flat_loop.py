import gradbook as torch
import gradbook.nn as nn

model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
X = torch.randn(40, 4)
Y = torch.randint(0, 2, (40,))
for epoch in range(5):
    for i in range(0, 32, 8):
        loss = nn.functional.cross_entropy(model(X[i : i + 8]), Y[i : i + 8])
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()  # coach: train-mode-not-restored
    val = nn.functional.cross_entropy(model(X[32:]), Y[32:]).item()  # coach-also: no-grad-missing
