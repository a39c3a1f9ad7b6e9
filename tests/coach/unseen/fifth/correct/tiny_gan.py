import gradbook as torch
from gradbook import nn

torch.manual_seed(29)
real_data = torch.randn(512, 2) * torch.tensor([0.5, 0.3]) + torch.tensor([1.0, -0.5])
G = nn.Sequential(nn.Linear(4, 24), nn.LeakyReLU(0.2), nn.Linear(24, 2))
D = nn.Sequential(nn.Linear(2, 24), nn.LeakyReLU(0.2), nn.Linear(24, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=2e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
bs = 64

for epoch in range(15):
    perm = torch.randperm(512)
    for i in range(0, 512, bs):
        real = real_data[perm[i:i + bs]]
        ones, zeros = torch.ones(bs, 1), torch.zeros(bs, 1)

        fake = G(torch.randn(bs, 4))
        d_loss = bce(D(real), ones) + bce(D(fake.detach()), zeros)
        opt_d.zero_grad()
        d_loss.backward()
        opt_d.step()

        g_loss = bce(D(fake), ones)
        opt_g.zero_grad()
        g_loss.backward()
        opt_g.step()
    if epoch % 3 == 0:
        print(f"{epoch:3d} D {d_loss.item():.3f} G {g_loss.item():.3f}")

with torch.no_grad():
    print("fake mean", G(torch.randn(256, 4)).mean(0).tolist(), "real mean", real_data.mean(0).tolist())
