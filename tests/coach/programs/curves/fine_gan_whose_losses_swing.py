import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
D = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
og, od = torch.optim.Adam(G.parameters(), lr=5e-3), torch.optim.Adam(D.parameters(), lr=5e-3)
bce = nn.BCEWithLogitsLoss()
for i in range(60):
    real = torch.randn(32, 2) * 0.3 + 1
    fake = G(torch.randn(32, 4))
    loss_d = bce(D(real), torch.ones(32, 1)) + bce(D(fake.detach()), torch.zeros(32, 1))
    od.zero_grad()
    loss_d.backward()
    od.step()
    loss_g = bce(D(fake), torch.ones(32, 1))
    og.zero_grad()
    loss_g.backward()
    og.step()
