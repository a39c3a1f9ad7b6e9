import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# actor-critic: advantage computed from (B,1) values and (B,) returns
torch.manual_seed(24)
class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.base = nn.Sequential(nn.Linear(4, 32), nn.ReLU())
        self.pi = nn.Linear(32, 2)
        self.v = nn.Linear(32, 1)
    def forward(self, s):
        h = self.base(s)
        return self.pi(h), self.v(h)
ac = ActorCritic()
opt = torch.optim.Adam(ac.parameters(), lr=3e-3)
for ep in range(25):
    s = torch.randn(40, 4)
    logits, value = ac(s)
    logp_all = F.log_softmax(logits, -1)
    a = torch.multinomial(logp_all.exp().detach(), 1).squeeze(1)
    reward = ((s[:, 0] > 0).long() == a).float()
    adv = reward - value  # coach: silent-broadcast; fix: value.squeeze(
    logp = logp_all.gather(1, a.unsqueeze(1)).squeeze(1)
    policy_loss = -(logp * adv.detach()).mean()
    value_loss = adv.pow(2).mean()
    loss = policy_loss + 0.5 * value_loss
    opt.zero_grad()
    loss.backward()
    opt.step()
    if ep % 8 == 0:
        print(ep, reward.mean().item(), value_loss.item())
# coach-also: loss-plateau, constant-predictions
