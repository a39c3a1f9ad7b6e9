import gradbook as torch
import gradbook.nn as nn


class Tuned(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(9, 18), nn.ReLU(), nn.Linear(18, 6))
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        with torch.no_grad():
            features = self.backbone(x)
        return self.head(features)


model = Tuned()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
x, y = torch.randn(30, 9), torch.randint(0, 2, (30,))
for step in range(6):
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
