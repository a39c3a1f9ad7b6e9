import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(40)


class G(nn.Module):
    def __init__(self, nz=4):
        super().__init__()
        self.nz = nz
        self.f = nn.Sequential(nn.Linear(nz, 32), nn.LeakyReLU(0.2), nn.Linear(32, 2))

    def forward(self, n):
        return self.f(torch.randn(n, self.nz))


class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 32)
        self.b = nn.Linear(32, 1)

    def forward(self, x):
        h = F.leaky_relu(self.a(x), 0.2)
        return torch.sigmoid(self.b(h))  # coach: sigmoid-before-bce-with-logits; fix: return self.b(h)


gen, disc = G(), D()
og = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.5, 0.999))
od = torch.optim.Adam(disc.parameters(), lr=1e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()  # coach-line: sigmoid-before-bce-with-logits
N = 64
one, zero = torch.ones(N, 1), torch.zeros(N, 1)

for it in range(60):
    real = torch.randn(N, 2) * 0.3 + torch.tensor([1.0, -0.5])
    fake = gen(N)
    loss_d = bce(disc(real), one) + bce(disc(fake.detach()), zero)
    od.zero_grad()
    loss_d.backward()
    od.step()

    loss_g = bce(disc(fake), one)
    og.zero_grad()
    loss_g.backward()
    og.step()
    if it % 20 == 0:
        print(it, loss_d.item(), loss_g.item())
