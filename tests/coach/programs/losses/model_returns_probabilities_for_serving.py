"""forward ends in a sigmoid; predictions in the loop use it, too."""

import gradbook as torch
import gradbook.nn as nn


class Scorer(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(5, 10), nn.Linear(10, 1)

    def forward(self, x):
        x = torch.relu(self.hidden(x))
        return torch.sigmoid(self.out(x))  # coach: sigmoid-before-bce-with-logits; fix: return self.out(x)


model = Scorer()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    x = torch.randn(20, 5)
    y = (x[:, :1] > 0).float()
    output = model(x)
    loss = criterion(output, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(((output > 0.5).float() == y).float().mean().item())
