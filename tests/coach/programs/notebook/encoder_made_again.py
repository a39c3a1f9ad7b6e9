# %% [1]
import gradbook as torch
from gradbook import nn

x = torch.randn(40, 10)
# %% [2]
encoder = nn.Sequential(nn.Linear(10, 4), nn.ReLU())
decoder = nn.Linear(4, 10)
# %% [3]
auto = nn.Sequential(encoder, decoder)  # coach: stale-object; fix: auto = nn.Sequential(encoder, decoder)
# %% [4]
def train(n):
    opt = torch.optim.Adam(auto.parameters(), lr=0.01)
    for i in range(n):
        out = auto(x)
        loss = ((out - x) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(loss.item())
# %% [5]
train(10)
# %% [2] rerun
encoder = nn.Sequential(nn.Linear(10, 6), nn.ReLU())
decoder = nn.Linear(6, 10)
# %% [5] rerun
