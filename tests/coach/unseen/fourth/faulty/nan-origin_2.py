"""Policy gradient with illegal actions masked out."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(13)
STATES, ACTIONS = 8, 5


class MaskedPolicy(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(STATES, 32), nn.ReLU(), nn.Linear(32, ACTIONS))

    def forward(self, obs, legal):
        scores = self.net(obs).masked_fill(~legal, float("-inf"))
        return torch.softmax(scores, dim=-1)


def situation(n=64):
    obs = torch.randn(n, STATES)
    legal = torch.ones(n, ACTIONS, dtype=torch.bool)
    legal[obs[:, -1] > 2.9, ACTIONS - 1] = False
    return obs, legal


def payoff(obs, act):
    return torch.gather(obs[:, :ACTIONS], 1, act.unsqueeze(1)).squeeze(1)


policy = MaskedPolicy()
opt = torch.optim.RMSprop(policy.parameters(), lr=1e-3)
baseline = 0.0
for it in range(30):
    obs, legal = situation()
    probs = policy(obs, legal)
    act = probs.detach().multinomial(1).squeeze(1)
    reward = payoff(obs, act)
    picked = probs.gather(1, act.unsqueeze(1)).squeeze(1)
    pg = -(picked.log() * (reward - baseline)).mean()
    entropy = -(probs * probs.log()).sum(-1).mean()  # coach: nan-origin
    loss = pg - 0.01 * entropy
    opt.zero_grad()
    loss.backward()
    opt.step()
    baseline = 0.9 * baseline + 0.1 * reward.mean().item()
    if it % 10 == 0:
        print(it, loss.item(), reward.mean().item())
# coach-also: loss-diverged
