# %%
import gradbook as torch
from gradbook import nn

torch.manual_seed(45)
ATOMS, D, K = 24, 20, 4
atoms = torch.randn(ATOMS, D)
atoms = atoms / atoms.norm(dim=1, keepdim=True)


def mixtures(n):
    which = torch.rand(n, ATOMS).topk(3, dim=1).indices
    coef = torch.zeros(n, ATOMS).scatter_(1, which, 0.8 + 0.8 * torch.rand(n, 3))
    return coef @ atoms


# %%
ref = mixtures(4000)
centre, spread = ref.mean(0), ref.std(0)


class TopKCoder(nn.Module):
    """Only the K largest codes of each sample survive; the rest are zero by design."""

    def __init__(self, width=48):
        super().__init__()
        self.encode = nn.Linear(D, width)
        self.decode = nn.Linear(width, D)
        with torch.no_grad():
            self.decode.weight.copy_(self.encode.weight.t())

    def forward(self, x):
        pre = torch.relu(self.encode(x))
        val, idx = pre.topk(K, dim=1)
        code = torch.zeros_like(pre).scatter(1, idx, val)
        return self.decode(code), code


coder = TopKCoder()
opt = torch.optim.Adam(coder.parameters(), lr=4e-3)

# %%
log = []
for step in range(250):
    x = (mixtures(128) - centre) / spread
    recon, code = coder(x)
    loss = nn.functional.mse_loss(recon, x)
    opt.zero_grad()
    loss.backward()
    opt.step()
    log.append(loss.item())
print("mse, first 20 and last 20 steps:", sum(log[:20]) / 20, sum(log[-20:]) / 20)

# %% [r1]
with torch.no_grad():
    _, code = coder((mixtures(2000) - centre) / spread)
print("active per sample", (code > 0).float().sum(1).mean().item(),
      "units ever used", int((code > 0).any(0).sum()))

# %% [r1] rerun
