"""model.zero_grad without its brackets."""

import gradbook as torch
import gradbook.nn as nn

model = nn.Linear(3, 2)
optim = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(6):
    x, y = torch.randn(10, 3), torch.randint(0, 2, (10,))
    model.zero_grad  # coach: missing-zero-grad; fix: model.zero_grad()
    out = model(x)
    loss = nn.functional.cross_entropy(out, y)
    loss.backward()
    optim.step()
