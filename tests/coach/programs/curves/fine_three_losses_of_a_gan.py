import gradbook as torch
from gradbook import nn

g = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
d = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
og = torch.optim.Adam(g.parameters(), lr=2e-4)
od = torch.optim.Adam(d.parameters(), lr=2e-4)
bce = nn.BCEWithLogitsLoss()
log = {"d": [], "g": []}
for step in range(10):
    real = torch.randn(16, 2)
    fake = g(torch.randn(16, 3))
    od.zero_grad()
    err_real = bce(d(real), torch.ones(16, 1))
    err_real.backward()
    err_fake = bce(d(fake.detach()), torch.zeros(16, 1))
    err_fake.backward()
    od.step()
    og.zero_grad()
    err_g = bce(d(fake), torch.ones(16, 1))
    err_g.backward()
    og.step()
    log["d"].append((err_real + err_fake).item())
    log["g"].append(err_g.detach())
