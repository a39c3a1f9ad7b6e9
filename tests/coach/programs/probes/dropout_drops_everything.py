import gradbook as torch
import gradbook.nn as nn


def mlp(width, keep):
    return nn.Sequential(
        nn.Linear(7, width),
        nn.ReLU(),
        nn.Dropout(1.0),  # coach: degenerate-activation; fix: nn.Dropout(0.5)
        nn.Linear(width, 3),
    )


torch.manual_seed(0)
model = mlp(32, keep=1.0)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
x = torch.randn(150, 7)
y = x[:, :3].argmax(1)
for epoch in range(20):
    for i in range(0, 150, 50):
        loss = nn.functional.cross_entropy(model(x[i : i + 50]), y[i : i + 50])
        opt.zero_grad()
        loss.backward()
        opt.step()  # coach-also: vanishing-gradients, loss-plateau, update-ratio-low
