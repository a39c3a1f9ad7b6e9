# Digits lab: logistic regression and then an MLP on 8x8 digits.
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(88)

GLYPHS = {
    0: ["011110", "110011", "110011", "110011", "011110"],
    1: ["001100", "011100", "001100", "001100", "011110"],
    2: ["011110", "000011", "001110", "110000", "111111"],
}


def draw(digit):
    img = torch.zeros(8, 8)
    for r, row in enumerate(GLYPHS[digit]):
        for c, bit in enumerate(row):
            img[r + 1, c + 1] = float(bit)
    return img


def build(n):
    labels = torch.randint(0, 3, (n,))
    imgs = torch.stack([draw(int(k)) for k in labels])
    imgs[:, 1:7, 1:7] += 0.3 * torch.randn(n, 6, 6)
    return imgs.clamp(0, 1.5).flatten(1), labels


def standardise(pixels):
    mu = pixels.mean(dim=0)
    sigma = pixels.std(dim=0)  # coach-line: nan-origin
    return (pixels - mu) / sigma  # coach: nan-origin; fix: 1e-


images, labels = build(300)
images = standardise(images)
loader = DataLoader(TensorDataset(images, labels), batch_size=30, shuffle=True)

mlp = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 3))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(mlp.parameters(), lr=1e-3)  # coach-also: loss-diverged

for epoch in range(4):
    running = 0.0  # coach-also: input-not-normalised
    for x, y in loader:
        optimizer.zero_grad()
        loss = loss_fn(mlp(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item()
    print("epoch", epoch, "loss", running / len(loader))
