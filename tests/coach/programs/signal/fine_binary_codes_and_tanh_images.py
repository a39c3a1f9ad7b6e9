import gradbook as torch
import gradbook.nn as nn

real = torch.sign(torch.randn(64, 16))
G = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 16), nn.Tanh())
D = nn.Sequential(nn.Linear(16, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
og, od = torch.optim.Adam(G.parameters(), 5e-3), torch.optim.Adam(D.parameters(), 5e-3)
bce = nn.BCEWithLogitsLoss()
for i in range(10):
    z = torch.randn(32, 6)
    fake = G(z)
    od.zero_grad()
    (bce(D(real[:32]), torch.ones(32, 1)) + bce(D(fake.detach()), torch.zeros(32, 1))).backward()
    od.step()
    og.zero_grad()
    bce(D(fake), torch.ones(32, 1)).backward()
    og.step()
