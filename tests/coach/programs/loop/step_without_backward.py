"""The loss is computed, and never goes backward."""

import gradbook as torch
import gradbook.nn as nn

model = nn.Linear(4, 1)
loss_fn = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for t in range(6):
    x = torch.randn(8, 4)
    y_pred = model(x)
    loss = loss_fn(y_pred, x.sum(1, keepdim=True))
    optimizer.zero_grad()
    optimizer.step()  # coach: optimizer-call-order; fix: loss.backward()
