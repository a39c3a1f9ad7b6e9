import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)

# 8x8 binary images: one horizontal or vertical bar, sometimes both
imgs = torch.zeros(640, 8, 8)
for im in imgs:
    kind = torch.randint(0, 3, (1,)).item()
    if kind != 0:
        im[torch.randint(0, 8, (1,)).item(), :] = 1
    if kind != 1:
        im[:, torch.randint(0, 8, (1,)).item()] = 1
train_loader = DataLoader(TensorDataset(imgs.view(-1, 64)), batch_size=64, shuffle=True)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 48)
        self.fc21 = nn.Linear(48, 6)
        self.fc22 = nn.Linear(48, 6)
        self.fc3 = nn.Linear(6, 48)
        self.fc4 = nn.Linear(48, 64)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        return mu + torch.randn_like(std) * std

    def decode(self, z):
        h3 = F.relu(self.fc3(z))
        return torch.sigmoid(self.fc4(h3))  # coach: sigmoid-before-bce-with-logits

    def forward(self, x):
        mu, logvar = self.encode(x)
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


def loss_function(recon_x, x, mu, logvar):
    bce = F.binary_cross_entropy_with_logits(recon_x, x, reduction="none").sum(1)  # coach-line: sigmoid-before-bce-with-logits
    kld = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1)
    return (bce + kld).mean()


model = VAE()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(1, 13):
    seen, acc = 0, 0.0
    for (x,) in train_loader:
        optimizer.zero_grad()
        recon, mu, logvar = model(x)
        loss = loss_function(recon, x, mu, logvar)
        loss.backward()
        optimizer.step()
        acc += loss.item() * len(x)
        seen += len(x)
    print(f"====> Epoch: {epoch} Average loss: {acc / seen:.4f}")
