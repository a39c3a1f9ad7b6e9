import gradbook as torch
from gradbook import nn


def load():
    raw = torch.randint(0, 256, (40, 3, 8, 8))
    return raw.float() / 255, torch.randint(0, 2, (40,))


images, labels = load()
images = images / 255.0  # coach: input-not-normalised; fix: images = images
net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(8):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(images), labels)
    loss.backward()
    opt.step()
