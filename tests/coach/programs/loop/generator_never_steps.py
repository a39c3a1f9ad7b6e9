"""The generator's optimizer is cleared, its loss goes backward, and step() is forgotten."""

import gradbook as torch
import gradbook.nn as nn

netG = nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Linear(12, 3))
netD = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 1))
optG = torch.optim.Adam(netG.parameters(), lr=1e-3)
optD = torch.optim.Adam(netD.parameters(), lr=1e-3)
criterion = nn.BCEWithLogitsLoss()
for step in range(10):
    x = torch.randn(8, 3)
    z = torch.randn(8, 4)
    optD.zero_grad()
    lossD = criterion(netD(x), torch.ones(8, 1)) + criterion(netD(netG(z).detach()), torch.zeros(8, 1))
    lossD.backward()
    optD.step()
    optG.zero_grad()
    lossG = criterion(netD(netG(z)), torch.ones(8, 1))
    lossG.backward()  # coach: optimizer-call-order; fix: optG.step()
