import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)
angle = torch.rand(1024) * 6.2832
ring = torch.stack([angle.cos(), angle.sin()], dim=1) + 0.05 * torch.randn(1024, 2)
loader = DataLoader(TensorDataset(ring), batch_size=64, shuffle=True)

Z = 8
G = nn.Sequential(nn.Linear(Z, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 2))
D = nn.Sequential(nn.Linear(2, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2), nn.Linear(48, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=5e-4, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()

for epoch in range(12):
    d_sum = g_sum = 0.0
    for (real,) in loader:
        n = real.size(0)
        ones, zeros = torch.ones(n, 1), torch.zeros(n, 1)

        fake = G(torch.randn(n, Z))
        opt_d.zero_grad()
        d_loss = bce(D(real), ones) + bce(D(fake.detach()), zeros)
        d_loss.backward()
        opt_d.step()

        opt_g.zero_grad()
        g_loss = bce(D(fake), ones)
        g_loss.backward()
        opt_g.step()

        d_sum += d_loss.item()
        g_sum += g_loss.item()
    G.eval()
    with torch.no_grad():
        radius = G(torch.randn(256, Z)).norm(dim=1)
    G.train()
    print(f"epoch {epoch} D {d_sum / len(loader):.3f} G {g_sum / len(loader):.3f} radius {radius.mean().item():.3f}")
