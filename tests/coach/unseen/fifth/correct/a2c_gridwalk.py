import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(4)
N, GAMMA = 7, 0.95


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(N, 32)
        self.pi, self.v = nn.Linear(32, 2), nn.Linear(32, 1)

    def forward(self, s):
        h = F.relu(self.body(F.one_hot(s, N).float()))
        return torch.distributions.Categorical(logits=self.pi(h)), self.v(h).squeeze(-1)


agent = Agent()
opt = torch.optim.Adam(agent.parameters(), lr=5e-3)
pos = torch.randint(0, N - 1, (16,))
for update in range(60):
    logps, values, rewards, masks, ents = [], [], [], [], []
    for _ in range(5):
        dist, v = agent(pos)
        act = dist.sample()
        nxt = (pos + 2 * act - 1).clamp(0, N - 1)
        done = nxt == N - 1
        logps.append(dist.log_prob(act))
        ents.append(dist.entropy())
        values.append(v)
        rewards.append(done.float() - 0.02)
        masks.append(1.0 - done.float())
        pos = torch.where(done, torch.randint(0, N - 1, (16,)), nxt)
    with torch.no_grad():
        ret = agent(pos)[1]
    returns = []
    for r, m in zip(reversed(rewards), reversed(masks)):
        ret = r + GAMMA * ret * m
        returns.insert(0, ret)
    returns, values = torch.stack(returns), torch.stack(values)
    adv = (returns - values).detach()
    loss = -(torch.stack(logps) * adv).mean() + 0.5 * F.mse_loss(values, returns) - 0.01 * torch.stack(ents).mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
    opt.step()
    if update % 15 == 0:
        print(update, loss.item(), torch.stack(rewards).mean().item())
