import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(113)
LENGTH, HORIZON = 5, 12


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(LENGTH, 16)
        self.out = nn.Linear(16, 2)

    def forward(self, obs):
        return self.out(torch.tanh(self.fc(obs)))

    def act(self, obs):
        logp = F.log_softmax(self(obs), dim=-1)
        with torch.no_grad():
            action = torch.multinomial(logp.exp(), 1).squeeze(-1)
        return action, logp.gather(1, action.unsqueeze(1)).squeeze(1)


class Corridor:
    """A batch of walkers; reaching the right end pays 1, every step costs a little."""

    def __init__(self, n):
        self.pos = torch.zeros(n, dtype=torch.long)
        self.done = torch.zeros(n, dtype=torch.bool)

    def observe(self):
        return F.one_hot(self.pos, LENGTH).float()

    def step(self, action):
        alive = ~self.done
        move = torch.where(alive, 2 * action - 1, torch.zeros_like(action))
        self.pos = (self.pos + move).clamp(0, LENGTH - 1)
        arrived = alive & (self.pos == LENGTH - 1)
        self.done = self.done | arrived
        return arrived.float() - 0.05 * alive.float(), alive.float()


def rollout(policy, n):
    env = Corridor(n)
    logps, rewards, masks = [], [], []
    for _ in range(HORIZON):
        action, logp = policy.act(env.observe())
        reward, alive = env.step(action)
        logps.append(logp)
        rewards.append(reward)
        masks.append(alive)
    return torch.stack(logps), torch.stack(rewards), torch.stack(masks)


policy = Policy()
opt = torch.optim.Adam(policy.parameters(), lr=2e-2)
for update in range(30):
    logps, rewards, masks = rollout(policy, 24)
    to_go = rewards.flip(0).cumsum(0).flip(0)
    advantage = to_go - to_go.mean(1, keepdim=True)
    loss = -(logps * advantage * masks).sum() / masks.sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if update % 5 == 4:
        print(f"update {update + 1}: mean return {rewards.sum(0).mean().item():.3f}")
