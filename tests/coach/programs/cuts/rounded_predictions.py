"""Predictions are rounded to whole numbers of stars before the loss."""

import gradbook as torch
import gradbook.nn as nn


class Stars(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(10, 1)

    def forward(self, x):
        return torch.round(torch.sigmoid(self.fc(x)) * 5)  # coach: detached-graph; fix: torch.sigmoid(self.fc(x)) * 5


model = Stars()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for _ in range(6):
    x = torch.randn(16, 10)
    loss = nn.functional.l1_loss(model(x), torch.randint(0, 6, (16, 1)).float())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
