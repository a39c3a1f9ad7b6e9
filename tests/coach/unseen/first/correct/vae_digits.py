import gradbook as torch
from gradbook import nn, optim
from gradbook.nn import functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class VAE(nn.Module):
    def __init__(self, d=36, h=32, z=3):
        super().__init__()
        self.enc = nn.Linear(d, h)
        self.mu = nn.Linear(h, z)
        self.logvar = nn.Linear(h, z)
        self.dec1 = nn.Linear(z, h)
        self.dec2 = nn.Linear(h, d)

    def encode(self, x):
        h = F.relu(self.enc(x))
        return self.mu(h), self.logvar(h)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        return mu + std * torch.randn_like(std)

    def decode(self, z):
        return torch.sigmoid(self.dec2(F.relu(self.dec1(z))))

    def forward(self, x):
        mu, logvar = self.encode(x)
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


def loss_function(recon, x, mu, logvar):
    bce = F.binary_cross_entropy(recon, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return bce + kld


torch.manual_seed(1)
rows = torch.randint(0, 6, (256,))
imgs = torch.zeros(256, 6, 6)
imgs[torch.arange(256), rows] = 1.0
imgs[torch.arange(256), :, (rows + 2) % 6] = 1.0
loader = DataLoader(TensorDataset(imgs.reshape(256, 36)), batch_size=32, shuffle=True)

model = VAE()
optimizer = optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(1, 6):
    model.train()
    train_loss = 0
    for (batch,) in loader:
        optimizer.zero_grad()
        recon, mu, logvar = model(batch)
        loss = loss_function(recon, batch, mu, logvar)
        loss.backward()
        train_loss += loss.item()
        optimizer.step()
    print("====> Epoch: {} Average loss: {:.4f}".format(epoch, train_loss / len(loader.dataset)))

with torch.no_grad():
    sample = model.decode(torch.randn(4, 3)).view(4, 6, 6)
print(sample.shape)
