import numpy as np
import gradbook as torch
import gradbook.nn as nn

np.random.seed(0)
torch.manual_seed(0)


def load_images(n):
    """RGB pictures as a decoder returns them: height x width x channel, uint8"""
    labels = np.random.randint(0, 2, n)
    pics = np.random.randint(0, 120, (n, 12, 12, 3))
    pics[labels == 1, :, :, 0] += 100
    return pics.astype(np.uint8), labels


pics, labels = load_images(64)
x = torch.from_numpy(pics).float() / 127.5 - 1.0  # coach: shape-mismatch; fix: permute(0, 3, 1, 2)
y = torch.from_numpy(labels).long()

cnn = nn.Sequential(
    nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
    nn.Flatten(), nn.Linear(16, 2),
)
opt = torch.optim.Adam(cnn.parameters(), lr=1e-3)
ce = nn.CrossEntropyLoss()

for step in range(20):
    idx = torch.randperm(64)[:16]
    loss = ce(cnn(x[idx]), y[idx])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 5 == 0:
        print(step, loss.item())
