import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(61)


class SparseAE(nn.Module):
    def __init__(self, d=16, k=32, b0=-8.0):  # coach-line: dead-relu
        super().__init__()
        self.enc = nn.Linear(d, k)
        self.dec = nn.Linear(k, d)
        nn.init.kaiming_normal_(self.enc.weight)
        nn.init.constant_(self.enc.bias, b0)  # coach: dead-relu

    def forward(self, x):
        z = F.relu(self.enc(x))
        return self.dec(z), z


dictionary = F.normalize(torch.randn(24, 16), dim=1)
active = torch.rand(640, 24) * (torch.rand(640, 24) < 0.15).float()
x = active @ dictionary
x = (x - x.mean(0)) / x.std(0)
loader = DataLoader(TensorDataset(x), batch_size=64, shuffle=True)
sae = SparseAE()
opt = torch.optim.Adam(sae.parameters(), lr=1e-3)
for epoch in range(10):
    total = 0.0
    for (xb,) in loader:
        xh, z = sae(xb)
        loss = F.mse_loss(xh, xb) + 1e-4 * z.abs().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print(epoch, total / len(loader), (z > 0).float().mean().item())
# coach-also: bad-init
# coach-also: degenerate-activation
