import gradbook as torch
import gradbook.nn as nn


class Pretrained(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 12), nn.ReLU())
        self.fc = nn.Linear(12, 100)

    def forward(self, x):
        return self.fc(self.body(x))


backbone = Pretrained()
backbone.fc = nn.Identity()
head = nn.Linear(12, 2)
optimizer = torch.optim.Adam([*backbone.parameters(), *head.parameters()], lr=1e-3)
x, y = torch.randn(30, 6), torch.randint(0, 2, (30,))
for step in range(5):
    loss = nn.functional.cross_entropy(head(backbone(x)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
