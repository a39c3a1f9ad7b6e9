import gradbook as torch
import gradbook.nn as nn


def make_model():
    return nn.Sequential(nn.Linear(2, 12), nn.ReLU(), nn.BatchNorm1d(12), nn.Linear(12, 2))


def train(model, steps=6):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        x = torch.randn(32, 2)
        loss = nn.functional.cross_entropy(model(x), (x[:, 0] > x[:, 1]).long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def demo(model):
    point = torch.tensor([0.5, -0.5])
    scores = model(point.unsqueeze(0))  # coach: batchnorm-batch-of-one; fix: model.eval()
    print(scores.argmax())


net = make_model()
train(net)
demo(net)
