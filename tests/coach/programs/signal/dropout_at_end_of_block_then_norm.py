import gradbook as torch
import gradbook.nn as nn

layers = []
for a, b in [(6, 18), (18, 18)]:
    layers += [nn.BatchNorm1d(a), nn.Linear(a, b), nn.ReLU(), nn.Dropout(p=0.25)]  # coach: dropout-before-batchnorm
model = nn.Sequential(*layers, nn.Linear(18, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
X, y = torch.randn(50, 6), torch.randn(50, 1)
for epoch in range(3):
    for i in range(0, 50, 25):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X[i : i + 25]), y[i : i + 25]).backward()
        optimizer.step()
