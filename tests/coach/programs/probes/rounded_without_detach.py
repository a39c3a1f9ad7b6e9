import gradbook as torch
import gradbook.nn as nn


class Quantised(nn.Module):
    """Codes of whole numbers, with a gradient that goes straight through."""

    def __init__(self):
        super().__init__()
        self.enc, self.dec = nn.Linear(6, 8), nn.Linear(8, 6)

    def forward(self, x):
        z = 3 * torch.tanh(self.enc(x))
        codes = z + (torch.round(z) - z)  # coach: wrong-gradient; fix: (torch.round(z) - z).detach()
        return self.dec(codes)


torch.manual_seed(0)
model = Quantised()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for _ in range(20):
    x = torch.randn(32, 6)
    loss = ((model(x) - x) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: vanishing-gradients, update-ratio-low
