import gradbook as torch
from gradbook import nn, optim

torch.manual_seed(0)


class Backbone(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        self.fc = nn.Linear(32, num_classes)

    def forward(self, x):
        return self.fc(self.features(x))


# "pretrained" network, new task with 3 classes
model = Backbone()
optimizer = optim.Adam(model.parameters(), lr=1e-3)  # coach: stale-optimizer
model.fc = nn.Linear(32, 3)

y = torch.randint(0, 3, (240,))
X = torch.randn(240, 12)
X[:, :3] += 1.5 * nn.functional.one_hot(y, 3).float()
criterion = nn.CrossEntropyLoss()

for epoch in range(6):
    perm = torch.randperm(240)
    for i in range(0, 240, 48):
        xb, yb = X[perm[i:i + 48]], y[perm[i:i + 48]]
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
# coach-also: missing-zero-grad
