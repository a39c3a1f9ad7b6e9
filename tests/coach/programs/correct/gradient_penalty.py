import gradbook as torch
import gradbook.nn as nn
from gradbook.nn.utils import spectral_norm, weight_norm

G = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
D = nn.Sequential(spectral_norm(nn.Linear(2, 8)), nn.LeakyReLU(0.2), weight_norm(nn.Linear(8, 1)))
og = torch.optim.Adam(G.parameters(), 1e-3)
od = torch.optim.Adam(D.parameters(), 1e-3)
for i in range(8):
    r = torch.randn(8, 2)
    f = G(torch.randn(8, 2)).detach()
    a = torch.rand(8, 1)
    xi = (a * r + (1 - a) * f).requires_grad_(True)
    gp = torch.autograd.grad(D(xi).sum(), xi, create_graph=True)[0]
    loss = D(f).mean() - D(r).mean() + 10 * ((gp.norm(dim=1) - 1) ** 2).mean()
    od.zero_grad()
    loss.backward()
    od.step()
    if i % 2:
        lg = -D(G(torch.randn(8, 2))).mean()
        og.zero_grad()
        lg.backward()
        og.step()
        print(lg.item())
