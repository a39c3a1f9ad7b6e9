"""Convolutional autoencoder on little shapes in [0, 1]: sigmoid output with BCELoss, the target is the input."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)


def shapes(n, size=8):
    img = torch.zeros(n, 1, size, size)
    for k in range(n):
        r, c = torch.randint(0, size - 3, (2,)).tolist()
        if k % 2:
            img[k, 0, r:r + 3, c:c + 3] = 1.0
        else:
            img[k, 0, r + 1, c:c + 4] = 1.0
    return img


class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(128, 16))
        self.decoder = nn.Sequential(nn.Linear(16, 128), nn.ReLU(), nn.Unflatten(1, (8, 4, 4)),
                                     nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1), nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))


data = shapes(192)
model = AutoEncoder()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
bce = nn.BCELoss()
for epoch in range(10):
    total = 0.0
    for idx in torch.randperm(192).split(32):
        batch = data[idx]
        loss = bce(model(batch), batch)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() / 6
    if epoch % 3 == 0:
        print(epoch, round(total, 4))
