import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(4)
# conv encoder -> latent -> decoder
class ConvAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 8, 3, stride=2, padding=1))
        self.decoder = nn.Sequential(nn.ConvTranspose2d(8, 4, 2, stride=2), nn.ReLU(), nn.ConvTranspose2d(4, 1, 2, stride=2))
    def encode(self, x):
        return self.encoder(x).detach()  # coach: detached-graph; fix: self.encoder(x)
    def forward(self, x):
        return self.decoder(self.encode(x))
u = torch.linspace(-2, 2, 8)
cx, cy = torch.rand(96, 1, 1) * 2 - 1, torch.rand(96, 1, 1) * 2 - 1
blobs = torch.exp(-((u[None, :, None] - cx) ** 2 + (u[None, None, :] - cy) ** 2)).unsqueeze(1)
blobs = (blobs - blobs.mean()) / blobs.std()
dl = DataLoader(TensorDataset(blobs), batch_size=16, shuffle=True)
ae = ConvAE()
optimizer = torch.optim.Adam(ae.parameters(), lr=5e-3)
for epoch in range(4):
    ep = 0.0
    for (img,) in dl:
        optimizer.zero_grad()
        loss = F.mse_loss(ae(img), img)
        loss.backward()
        optimizer.step()
        ep += loss.item()
    print("epoch", epoch, "mse", ep / len(dl))
# coach-also: unused-parameters, stale-optimizer
