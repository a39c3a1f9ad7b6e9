# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(41)

# %%
basis = torch.randn(4, 18)


def minibatch(n=64):
    w = torch.randn(n, 4)
    x = torch.sin(w @ basis)
    return (x + 0.05 * torch.randn_like(x)) / 0.65


class MaskedAE(nn.Module):
    """Reconstruct the hidden entries of a vector from the visible ones."""

    def __init__(self, d=18, h=64):
        super().__init__()
        self.encode = nn.Linear(2 * d, h)
        self.hidden = nn.Linear(h, h)
        self.decode = nn.Linear(h, d)

    def forward(self, x, visible):
        h = F.gelu(self.encode(torch.cat([x * visible, visible], 1)))
        h = F.gelu(self.hidden(h))
        return self.decode(h)


model = MaskedAE()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)

# %%
smooth = 1.0
for step in range(1, 161):
    x = minibatch()
    visible = (torch.rand_like(x) > 0.4).float()
    hidden = 1 - visible
    out = model(x, visible)
    loss = ((out - x).pow(2) * hidden).sum() / hidden.sum()

    opt.zero_grad()
    loss.backward()
    opt.step()

    smooth = 0.95 * smooth + 0.05 * loss  # coach: loss-keeps-graph; fix: loss.item()
    if step % 40 == 0:
        print(f"step {step}, smoothed loss {float(smooth):.4f}")
