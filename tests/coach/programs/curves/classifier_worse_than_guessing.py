import gradbook as torch
from gradbook import nn

torch.manual_seed(9)
features = torch.randn(150, 12)
classes = features[:, :3].argmax(1)


def fit(rate):
    mlp = nn.Sequential(nn.Linear(12, 40), nn.ReLU(), nn.Linear(40, 3))
    opt = torch.optim.SGD(mlp.parameters(), lr=rate, momentum=0.9)
    for epoch in range(30):
        logits = mlp(features)
        loss = nn.functional.cross_entropy(logits, classes)
        opt.zero_grad()
        loss.backward()
        opt.step()
        print(epoch, loss.item(), (logits.argmax(1) == classes).float().mean().item())


fit(rate=12.0)  # coach: learning-rate-too-high; fix: fit(rate=0.
# coach-also: dead-relu, update-ratio-high
