"""PPO (clip) with shared torso, several epochs of minibatches per rollout."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.distributions import Categorical

torch.manual_seed(5)
ENVS, T, GAMMA = 32, 8, 0.9


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.torso = nn.Sequential(nn.Linear(2, 48), nn.Tanh())
        self.pi, self.v = nn.Linear(48, 3), nn.Linear(48, 1)

    def forward(self, s):
        h = self.torso(s)
        return Categorical(logits=self.pi(h)), self.v(h).squeeze(-1)


def collect(net):
    pos, goal = torch.rand(ENVS) * 2 - 1, torch.rand(ENVS) * 2 - 1
    buf = {k: [] for k in ("s", "a", "lp", "v", "r")}
    with torch.no_grad():
        for _ in range(T):
            s = torch.stack([pos, goal], 1)
            d, v = net(s)
            a = d.sample()
            pos = pos + 0.25 * (a.float() - 1)
            for k, val in zip(buf, (s, a, d.log_prob(a), v, -(pos - goal).abs())):
                buf[k].append(val)
    ret, g = [], torch.zeros(ENVS)
    for r in reversed(buf["r"]):
        g = r + GAMMA * g
        ret.insert(0, g)
    out = {k: torch.cat(v) for k, v in buf.items()}
    out["ret"] = torch.cat(ret)
    return out


net = ActorCritic()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for it in range(15):
    b = collect(net)
    adv = b["ret"] - b["v"]
    adv = (adv - adv.mean()) / (adv.std() + 1e-8)
    for _ in range(3):
        for i in torch.randperm(ENVS * T).split(64):
            d, v = net(b["s"][i])
            ratio = torch.exp(d.log_prob(b["a"][i]) - b["lp"][i])
            surr = torch.min(ratio * adv[i], ratio.clamp(0.8, 1.2) * adv[i]).mean()
            loss = -surr + 0.5 * F.mse_loss(v, b["ret"][i]) - 0.01 * d.entropy().mean()
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 0.5)
            opt.step()
    if it % 5 == 4:
        print(it + 1, f"mean reward {b['r'].mean().item():.3f}")
