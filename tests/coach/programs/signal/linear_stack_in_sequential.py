"""nn.Sequential with an activation too few."""

import gradbook as torch
from gradbook import nn

model = nn.Sequential(
    nn.Flatten(),
    nn.Linear(16, 64),
    nn.ReLU(),
    nn.Linear(64, 32),  # coach: missing-nonlinearity; fix: nn.ReLU(), nn.Linear(32, 5)
    nn.Linear(32, 5),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for _ in range(5):
    images, labels = torch.rand(8, 4, 4), torch.randint(0, 5, (8,))
    loss = nn.functional.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
