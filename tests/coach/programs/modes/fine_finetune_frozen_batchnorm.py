import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.bn = nn.BatchNorm2d(8)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x))).mean((2, 3))


class Detector(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone, self.drop, self.head = backbone, nn.Dropout(0.1), nn.Linear(8, 2)

    def train(self, mode=True):
        super().train(mode)
        self.backbone.bn.eval()
        return self

    def forward(self, x):
        return self.head(self.drop(self.backbone(x)))


def evaluate(model, x, y):
    was = model.training
    model.eval()
    with torch.no_grad():
        loss = F.cross_entropy(model(x), y).item()
    model.train(was)
    return loss


model = Detector(Backbone())
optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
x, y = torch.rand(20, 3, 6, 6), torch.randint(0, 2, (20,))
model.train()
for epoch in range(4):
    for i in range(0, 16, 8):
        loss = F.cross_entropy(model(x[i : i + 8]), y[i : i + 8])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(evaluate(model, x[16:], y[16:]))
