import gradbook as torch
import gradbook.nn as nn

G = nn.Sequential(nn.Linear(3, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2))
D = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(16, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=2e-3)
opt_d = torch.optim.Adam(D.parameters(), lr=2e-3)
bce = nn.BCEWithLogitsLoss()
for step in range(10):
    real = torch.randn(24, 2) + 2
    with torch.no_grad():
        fake = G(torch.randn(24, 3))
    d_loss = bce(D(real), torch.ones(24, 1)) + bce(D(fake), torch.zeros(24, 1))
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()
    g_loss = bce(D(G(torch.randn(24, 3))), torch.ones(24, 1))
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    if step % 5 == 4:
        with torch.no_grad():
            print(step, d_loss.item(), g_loss.item(), (D(real) > 0).float().mean().item())
with torch.no_grad():
    print(G(torch.randn(5, 3)).numpy())
