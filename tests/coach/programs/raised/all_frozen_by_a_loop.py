"""Transfer learning: the loop freezes the whole model, the new head too."""

import gradbook as torch
import gradbook.nn as nn

backbone = nn.Sequential(nn.Linear(12, 32), nn.ReLU())
model = nn.Sequential(backbone, nn.Linear(32, 3))
for param in model.parameters():
    param.requires_grad = False  # coach: nothing-requires-grad; fix: param.requires_grad = True

criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(3):
    optimizer.zero_grad()
    outputs = model(torch.randn(8, 12))
    loss = criterion(outputs, torch.randint(0, 3, (8,)))
    loss.backward()
    optimizer.step()
