import gradbook as torch
import gradbook.nn as nn


class Transfer(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU())
        self.head = nn.Linear(16, 2)

    def forward(self, x):
        return self.head(self.backbone(x))


def fit(model, optimizer, x, y, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()


model = Transfer()
for p in model.backbone.parameters():
    p.requires_grad = False
optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-3)  # coach: stale-optimizer; fix: optimizer.add_param_group({"params": model.backbone.parameters()})
x, y = torch.randn(40, 8), torch.randint(0, 2, (40,))
fit(model, optimizer, x, y, 5)
for p in model.backbone.parameters():
    p.requires_grad = True
fit(model, optimizer, x, y, 12)
