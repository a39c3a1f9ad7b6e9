import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, padding=1), nn.ReLU())

    def forward(self, x):
        return self.net(x)


class SegModel(nn.Module):
    """A tiny fully convolutional segmenter, trained from scratch."""

    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.decoder = nn.Sequential(nn.Conv2d(12, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 1, 1))

    def forward(self, x):
        return self.decoder(self.encoder(x))


def blobs(n, size=14):
    grid = torch.arange(size).float()
    cy, cx = torch.rand(n, 1, 1) * size, torch.rand(n, 1, 1) * size
    d2 = (grid.view(1, -1, 1) - cy) ** 2 + (grid.view(1, 1, -1) - cx) ** 2
    mask = (d2 < 20).float().unsqueeze(1)
    image = mask + 0.6 * torch.randn(n, 1, size, size)
    return (image - image.mean()) / image.std(), mask


torch.manual_seed(11)
images, masks = blobs(160)
loader = DataLoader(TensorDataset(images, masks), batch_size=16, shuffle=True)
model = SegModel()
opt = torch.optim.AdamW([
    {"params": model.encoder.parameters(), "lr": 1e-8},  # coach: update-ratio-low
    {"params": model.decoder.parameters(), "lr": 2e-3},
], weight_decay=1e-4)
criterion = nn.BCEWithLogitsLoss()  # coach-also: learning-rate-too-low

for epoch in range(8):
    model.train()
    total = 0.0
    for img, msk in loader:
        opt.zero_grad()
        loss = criterion(model(img), msk)
        loss.backward()
        opt.step()
        total += loss.item() * len(img)
    print("epoch", epoch, "bce", round(total / len(images), 4))
