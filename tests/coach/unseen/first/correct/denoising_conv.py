import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import Dataset, DataLoader


class Blobs(Dataset):
    """Smooth bumps on a 12x12 canvas, in [0, 1]."""

    def __init__(self, n):
        g = torch.Generator().manual_seed(n)
        yy, xx = torch.meshgrid(torch.arange(12.0), torch.arange(12.0), indexing="ij")
        c = torch.rand(n, 2, generator=g) * 8 + 2
        d2 = (yy - c[:, 0, None, None]) ** 2 + (xx - c[:, 1, None, None]) ** 2
        self.images = torch.exp(-d2 / 8).unsqueeze(1)

    def __len__(self):
        return self.images.size(0)

    def __getitem__(self, i):
        return self.images[i]


class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_in = nn.Conv2d(1, 8, 3, padding=1)
        self.conv_mid = nn.Conv2d(8, 8, 3, padding=1)
        self.conv_out = nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, x):
        h = torch.relu(self.conv_in(x))
        h = torch.relu(self.conv_mid(h)) + h
        return self.conv_out(h)


def train():
    torch.manual_seed(0)
    net = Denoiser()
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    loader = DataLoader(Blobs(96), batch_size=16, shuffle=True, drop_last=True)
    for epoch in range(5):
        acc = 0.0
        for clean in loader:
            noisy = clean + 0.2 * torch.randn_like(clean)
            loss = ((net(noisy) - clean) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            acc += loss.item()
        print(f"epoch {epoch} mse {acc / len(loader):.4f} (noise level 0.0400)")


train()
