# %%
import gradbook as torch
from gradbook import nn

x = torch.rand(120, 3)  # coach: unseeded; fix: torch.manual_seed(0)
y = (x.sum(1) > 1.5).long()
# %%
losses = {}
for hidden in (4, 32):
    net = nn.Sequential(nn.Linear(3, hidden), nn.Tanh(), nn.Linear(hidden, 2))
    adam = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(25):
        adam.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        adam.step()
    losses[hidden] = loss.item()
# %%
print(min(losses, key=losses.get))
