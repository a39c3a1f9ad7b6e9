import gradbook as torch
import gradbook.nn as nn


class Denoiser(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(1, width), nn.ReLU(), nn.Linear(width, width))
        self.inp = nn.Linear(2, width)
        self.hidden = nn.ModuleList([nn.Linear(width, width) for _ in range(2)])
        self.out = nn.Linear(width, 2)
        nn.init.zeros_(self.out.weight)

    def forward(self, x, t):
        h = self.inp(x) + self.time(t)
        for layer in self.hidden:
            h = h + layer(torch.relu(h))
        return self.out(h)


model = Denoiser()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3)
for step in range(12):
    x, noise = torch.randn(32, 2), torch.randn(32, 2)
    t = torch.full((32, 1), (step + 1) / 12)
    loss = (model(x * (1 - t) + noise * t, t) - noise).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
