import gradbook as torch
from gradbook import nn

actor, critic = nn.Linear(3, 1), nn.Linear(3, 1)
oa = torch.optim.Adam(actor.parameters(), lr=1e-3)
oc = torch.optim.Adam(critic.parameters(), lr=1e-3)
sa = torch.optim.lr_scheduler.ExponentialLR(oa, 0.99)
sc = torch.optim.lr_scheduler.ExponentialLR(oc, 0.99)
for step in range(8):
    s = torch.randn(16, 3)
    oc.zero_grad()
    (critic(s) - s.sum(1, keepdim=True)).pow(2).mean().backward()
    oc.step()
    sc.step()
    if step % 2 == 0:
        oa.zero_grad()
        (-critic(s + actor(s))).mean().backward()
        oa.step()
        sa.step()
