import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(3)


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(4, 32), nn.Tanh())
        self.pi = nn.Linear(32, 3)
        self.v = nn.Linear(32, 1)

    def forward(self, s):
        h = self.trunk(s)
        return F.log_softmax(self.pi(h), dim=-1), self.v(h).squeeze(-1)


W = torch.randn(4, 3)
ac = ActorCritic()
opt = torch.optim.Adam(ac.parameters(), lr=5e-3)


@torch.no_grad()  # coach: training-under-no-grad
def rollout(n):
    s = torch.randn(n, 4)
    logp, value = ac(s)
    a = torch.multinomial(logp.exp(), 1).squeeze(1)
    r = (a == (s @ W).argmax(1)).float()
    return logp.gather(1, a[:, None]).squeeze(1), value, r


for it in range(40):
    logp_a, value, reward = rollout(64)
    adv = reward - value
    policy_loss = -(logp_a * adv.detach()).mean()
    value_loss = adv.pow(2).mean()
    total = policy_loss + 0.5 * value_loss
    opt.zero_grad()
    total.backward()
    opt.step()
    print(it, reward.mean().item())
# coach-also: nothing-requires-grad
