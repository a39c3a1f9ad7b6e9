import gradbook as torch
from gradbook import nn
from gradbook.distributions import Categorical

torch.manual_seed(5)
policy = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
optim = torch.optim.Adam(policy.parameters(), lr=1e-2)
prefs = torch.randn(4, 3)

baseline = 0.0
for it in range(50):
    ctx = torch.randn(32, 4)
    dist = Categorical(logits=policy(ctx))
    action = dist.sample()
    reward = (action == (ctx @ prefs).argmax(-1)).float()
    advantage = reward - baseline
    loss = -(dist.log_prob(action) * advantage).mean()

    optim.zero_grad()
    loss.backward()
    optim.step()

    baseline = 0.9 * baseline + 0.1 * reward.mean().item()
    if it % 10 == 0:
        print(f"{it:3d} reward={reward.mean().item():.2f} loss={loss.item():+.3f}")
