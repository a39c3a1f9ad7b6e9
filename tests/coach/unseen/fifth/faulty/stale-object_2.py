# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(18)
x = torch.randn(600, 10)
y = (x[:, 0] * 1.5 - x[:, 3] > 0).long()
xt, yt, xv, yv = x[:480], y[:480], x[480:], y[480:]

# %% [model]
encoder = nn.Sequential(nn.Linear(10, 24), nn.ReLU(), nn.Linear(24, 2))
opt = torch.optim.Adam(encoder.parameters(), lr=5e-3)

# %%
scorer = nn.Sequential(encoder, nn.LogSoftmax(dim=1))  # coach: stale-object


def val_accuracy():
    scorer.eval()
    with torch.no_grad():
        hit = (scorer(xv).argmax(1) == yv).float().mean().item()  # coach-line: stale-object
    scorer.train()
    return hit


# %% [model] rerun

# %%
for epoch in range(8):
    for idx in torch.randperm(480).split(48):
        opt.zero_grad()
        loss = F.cross_entropy(encoder(xt[idx]), yt[idx])
        loss.backward()
        opt.step()
    print(epoch, round(loss.item(), 3), round(val_accuracy(), 3))
