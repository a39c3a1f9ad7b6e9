import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# GAN without detach
torch.manual_seed(97)
gen = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
dis = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
og, od = torch.optim.Adam(gen.parameters(), lr=1e-3), torch.optim.Adam(dis.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
for step in range(5):
    real = torch.randn(32, 2) + 1
    fake = gen(torch.randn(32, 4))
    loss_d = bce(dis(real), torch.ones(32, 1)) + bce(dis(fake), torch.zeros(32, 1))  # coach: backward-twice; fix: fake.detach()
    od.zero_grad()
    loss_d.backward()
    od.step()
    loss_g = bce(dis(fake), torch.ones(32, 1))
    og.zero_grad()
    loss_g.backward()
    og.step()
