import gradbook as torch
import gradbook.nn as nn


class SparseAutoencoder(nn.Module):
    def __init__(self, d=12, k=48):
        super().__init__()
        self.enc, self.dec = nn.Linear(d, k), nn.Linear(k, d)
        nn.init.constant_(self.enc.bias, -0.15)

    def forward(self, x):
        z = torch.relu(self.enc(x))
        return self.dec(z), z


sae = SparseAutoencoder()
opt = torch.optim.Adam(sae.parameters(), lr=3e-3)
acts = torch.randn(200, 12)
for epoch in range(5):
    for i in range(0, 200, 50):
        x = acts[i : i + 50]
        out, z = sae(x)
        loss = ((out - x) ** 2).mean() + 1e-2 * z.abs().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
