import gradbook as torch
import gradbook.nn as nn


class Sine(nn.Module):
    def __init__(self, i, o, w0=30.0, first=False):
        super().__init__()
        self.w0, self.linear = w0, nn.Linear(i, o)
        bound = 1 / i if first else (6 / i) ** 0.5 / w0
        with torch.no_grad():
            self.linear.weight.uniform_(-bound, bound)

    def forward(self, x):
        return torch.sin(self.w0 * self.linear(x))


siren = nn.Sequential(Sine(2, 32, first=True), Sine(32, 32), nn.Linear(32, 1))
grid = torch.stack(torch.meshgrid(torch.linspace(-1, 1, 8), torch.linspace(-1, 1, 8), indexing="ij"), -1).reshape(-1, 2)
pixels = torch.sin(3 * grid[:, :1]) * grid[:, 1:]
opt = torch.optim.Adam(siren.parameters(), lr=1e-4)
for _ in range(12):
    loss = nn.functional.mse_loss(siren(grid), pixels)
    opt.zero_grad()
    loss.backward()
    opt.step()
