import gradbook as torch
from gradbook import nn

cnn = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 36, 5))
sgd = torch.optim.SGD(cnn.parameters(), lr=5.0, momentum=0.9)  # coach: update-ratio-high; fix: lr=
images, labels = torch.randn(30, 1, 8, 8), torch.randint(0, 5, (30,))


def fit(n):  # coach-also: learning-rate-too-high, loss-diverged, dead-relu, nan-origin, exploding-gradients
    for _ in range(n):
        sgd.zero_grad()
        loss = nn.functional.cross_entropy(cnn(images), labels)
        loss.backward()
        sgd.step()


fit(8)
