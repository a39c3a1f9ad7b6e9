import gradbook as torch
import gradbook.nn as nn


class Flexible(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 4, 3)

    def forward(self, x):
        h = torch.relu(self.conv(x)).flatten(1)
        fc = nn.Linear(h.shape[1], 2)  # coach: unused-parameters; fix: nn.Linear(h.shape[1], 2)
        return fc(h)


model = Flexible()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
x, y = torch.randn(16, 1, 12), torch.randint(0, 2, (16,))
for epoch in range(6):
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
