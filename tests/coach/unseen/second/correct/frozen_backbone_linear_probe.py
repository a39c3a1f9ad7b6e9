"""Transfer learning: the backbone stays frozen and in eval mode, only the new head learns."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        x = self.pool(torch.relu(self.bn1(self.conv1(x))))
        x = self.pool(torch.relu(self.bn2(self.conv2(x))))
        return x.flatten(1)


backbone = Backbone()
for p in backbone.parameters():
    p.requires_grad_(False)
backbone.eval()

head = nn.Linear(16 * 2 * 2, 3)
optimizer = torch.optim.Adam(head.parameters(), lr=1e-2)
criterion = nn.CrossEntropyLoss()

templates = torch.randn(3, 1, 8, 8)
y = torch.randint(0, 3, (120,))
x = templates[y] + 0.7 * torch.randn(120, 1, 8, 8)

for epoch in range(6):
    order = torch.randperm(120)
    total = 0.0
    for idx in order.split(24):
        with torch.no_grad():
            features = backbone(x[idx])
        loss = criterion(head(features), y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch}: {total / 5:.4f}")
