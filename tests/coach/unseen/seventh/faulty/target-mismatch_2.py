import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(9)
S_DIM, N_ACT = 5, 3
true_w = torch.randn(S_DIM, N_ACT)


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(S_DIM, 40), nn.Tanh())
        self.pi = nn.Linear(40, N_ACT)
        self.v = nn.Linear(40, 1)

    def forward(self, s):
        z = self.trunk(s)
        return torch.distributions.Categorical(logits=self.pi(z)), self.v(z)


ac = ActorCritic()
optimiser = torch.optim.Adam(ac.parameters(), lr=5e-3)

for update in range(60):
    s = torch.randn(48, S_DIM)
    dist, v = ac(s)
    a = dist.sample()
    reward = (s @ true_w).gather(1, a[:, None])[:, 0] / S_DIM ** 0.5
    adv = (reward - v.detach().view(-1))
    adv = (adv - adv.mean()) / (adv.std() + 1e-6)
    pg = -(dist.log_prob(a) * adv).mean()
    vf = F.smooth_l1_loss(v, reward)  # coach: target-mismatch; fix: squeeze(
    loss = pg + 0.5 * vf - 0.01 * dist.entropy().mean()
    optimiser.zero_grad()
    loss.backward()  # coach-also: silent-broadcast
    nn.utils.clip_grad_norm_(ac.parameters(), 0.5)
    optimiser.step()
    if update % 15 == 0:
        print(update, "reward %.3f" % reward.mean().item(), "vf %.3f" % vf.item())
