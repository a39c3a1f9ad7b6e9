"""SimCLR: two noisy views of a sample, NT-Xent loss over all the pairs of the batch."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


class SimCLR(nn.Module):
    def __init__(self, dim_in, dim_h, dim_z):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(dim_in, dim_h), nn.ReLU())
        self.projector = nn.Sequential(nn.Linear(dim_h, dim_h), nn.ReLU(), nn.Linear(dim_h, dim_z))

    def forward(self, x):
        return F.normalize(self.projector(self.encoder(x)), dim=-1)


def augment(x):
    mask = (torch.rand_like(x) > 0.1).float()
    return x * mask + 0.1 * torch.randn_like(x)


def nt_xent(z1, z2, temperature=0.3):
    n = z1.size(0)
    z = torch.cat([z1, z2])
    sim = z @ z.t() / temperature
    sim = sim.masked_fill(torch.eye(2 * n, dtype=torch.bool), -1e9)
    target = torch.cat([torch.arange(n, 2 * n), torch.arange(0, n)])
    return F.cross_entropy(sim, target)


data = torch.randn(256, 16)
model = SimCLR(16, 48, 16)
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(8):
    total = 0.0
    for idx in torch.randperm(256).split(32):
        xb = data[idx]
        loss = nt_xent(model(augment(xb)), model(augment(xb)))
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print(epoch, round(total / 8, 4))
