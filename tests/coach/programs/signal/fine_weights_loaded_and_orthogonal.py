import gradbook as torch
from gradbook import nn


def make():
    net = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))
    for m in net:
        if isinstance(m, nn.Linear):
            nn.init.orthogonal_(m.weight, 2**0.5)
            nn.init.constant_(m.bias, 0.0)
    nn.init.orthogonal_(net[-1].weight, 0.01)
    return net


policy, old = make(), make()
old.load_state_dict({k: v * 3 for k, v in policy.state_dict().items()})
opt = torch.optim.Adam(policy.parameters(), lr=3e-4, eps=1e-5)
for update in range(4):
    states = torch.randn(32, 4)
    actions, advantages = torch.randint(0, 2, (32,)), torch.randn(32)
    with torch.no_grad():
        before = torch.log_softmax(old(states), 1)[torch.arange(32), actions]
    now = torch.log_softmax(policy(states), 1)[torch.arange(32), actions]
    ratio = (now - before).exp()
    loss = -torch.min(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages).mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
    opt.step()
