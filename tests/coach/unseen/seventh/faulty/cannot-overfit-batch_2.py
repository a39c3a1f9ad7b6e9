# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(49)

# %%
SPK, T, MEL, B = 4, 10, 12, 16
who = torch.arange(B) % SPK
mel = torch.randn(B, T, MEL) + torch.randn(SPK, MEL)[who][:, None]
mel = (mel - mel.mean((0, 1))) / mel.std((0, 1))

# %%
class SpeakerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.frame = nn.Sequential(nn.Linear(MEL, 48), nn.ReLU(), nn.Linear(48, 32), nn.ReLU())
        self.cls = nn.Linear(64, SPK)

    def forward(self, m):
        h = self.frame(m)
        return self.cls(torch.cat([h.mean(1), h.std(1)], dim=-1))

# %%
def overfit_one_batch(net, x, y, steps=150):
    """sanity check: a healthy model must drive this batch to ~0"""
    opt = torch.optim.Adam(net.parameters(), lr=2e-3)
    for i in range(steps):
        perm = torch.randperm(len(x))
        xb, yb = x[perm], y  # coach: cannot-overfit-batch; fix: y[perm]
        loss = F.cross_entropy(net(xb), yb)
        opt.zero_grad()
        loss.backward()  # coach-also: loss-plateau
        opt.step()
        if i % 30 == 0:
            print(i, f"{loss.item():.3f}")
    return loss.item()

# %%
net = SpeakerNet()
print("final", overfit_one_batch(net, mel, who))
