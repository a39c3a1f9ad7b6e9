"""A2C with illegal-action masking and an entropy bonus; both heads in one network."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(77)
E_ENVS, HORIZON, SIDE = 32, 6, 5


class Tiles:
    """Walk on a 5x5 board to the centre; moves off the board are illegal."""
    moves = torch.tensor([[0, 1], [0, -1], [1, 0], [-1, 0]])

    def __init__(self):
        self.xy = torch.randint(0, SIDE, (E_ENVS, 2))

    def obs(self):
        return (self.xy.float() - 2.0) / 1.41

    def legal(self):
        nxt = self.xy.unsqueeze(1) + self.moves
        return ((nxt >= 0) & (nxt < SIDE)).all(dim=2)

    def step(self, a):
        before, self.xy = (self.xy - 2).abs().sum(1), self.xy + self.moves[a]
        after = (self.xy - 2).abs().sum(1)
        home = after == 0
        reward = 0.2 * (before - after).float() + home.float()
        self.xy = torch.where(home.unsqueeze(1), torch.randint(0, SIDE, (E_ENVS, 2)), self.xy)
        return reward, home.float()


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 48), nn.Tanh())
        self.pi, self.v = nn.Linear(48, 4), nn.Linear(48, 1)

    def forward(self, obs, legal):
        h = self.body(obs)
        logits = self.pi(h).masked_fill(~legal, -1e8)
        return F.log_softmax(logits, dim=1), self.v(h).squeeze(-1)


net, env = ActorCritic(), Tiles()
opt = torch.optim.RMSprop(net.parameters(), lr=4e-3, alpha=0.99, eps=1e-5)
for update in range(60):
    logps, entropies, values, rewards, ends = [], [], [], [], []
    for _ in range(HORIZON):
        logp, v = net(env.obs(), env.legal())
        a = torch.multinomial(logp.detach().exp(), 1)
        r, end = env.step(a.squeeze(1))
        logps.append(logp.gather(1, a).squeeze(1))
        entropies.append(-(logp.exp() * logp).sum(1))
        values.append(v)
        rewards.append(r)
        ends.append(end)
    with torch.no_grad():
        (_, R), targets = net(env.obs(), env.legal()), []
    for r, end in zip(reversed(rewards), reversed(ends)):
        R = r + 0.9 * R * (1 - end)
        targets.insert(0, R)
    adv = torch.stack(targets) - torch.stack(values)
    loss = -(torch.stack(logps) * adv.detach()).mean() + 0.5 * adv.pow(2).mean() - 0.01 * torch.stack(entropies).mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 0.5)
    opt.step()
    if update % 15 == 14:
        print(f"{update + 1}: reward/step {torch.stack(rewards).mean().item():.3f} entropy {torch.stack(entropies).mean().item():.3f}")
