import gradbook as torch
import gradbook.nn as nn
from gradbook.distributions import Categorical

pi = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2))
v = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
o = torch.optim.Adam([*pi.parameters(), *v.parameters()], lr=1e-3)
for it in range(3):
    S = torch.randn(32, 4)
    with torch.no_grad():
        d = Categorical(logits=pi(S))
        A = d.sample()
        old = d.log_prob(A)
        val = v(S).squeeze(1)
    R = torch.randn(32)
    adv = R - val
    print(adv.mean().item())
    for k in range(3):
        d = Categorical(logits=pi(S))
        ratio = (d.log_prob(A) - old).exp()
        loss = (
            -torch.min(ratio * adv, ratio.clamp(0.8, 1.2) * adv).mean()
            + 0.5 * ((v(S).squeeze(1) - R) ** 2).mean()
            - 0.01 * d.entropy().mean()
        )
        o.zero_grad()
        loss.backward()
        o.step()
