# REINFORCE on a signalling game: see a noisy cue, press the matching one of three keys.
import gradbook as torch
import gradbook.nn as nn
from gradbook.distributions import Categorical

torch.manual_seed(0)

N_KEYS = 3
prototypes = torch.randn(N_KEYS, 6)


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine1 = nn.Linear(6, 32)
        self.affine2 = nn.Linear(32, N_KEYS)

    def forward(self, x):
        return self.affine2(torch.relu(self.affine1(x)))


policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)


def run_episode(steps=20):
    log_probs, rewards = [], []
    for _ in range(steps):
        key = int(torch.randint(0, N_KEYS, (1,)))
        cue = prototypes[key] + 0.3 * torch.randn(6)
        m = Categorical(logits=policy(cue))
        action = m.sample()
        log_probs.append(m.log_prob(action))
        rewards.append(1.0 if action.item() == key else 0.0)
    return log_probs, rewards


baseline = 0.0
for i_episode in range(60):
    log_probs, rewards = run_episode()
    R = torch.tensor(rewards)
    adv = R - baseline
    baseline = 0.9 * baseline + 0.1 * R.mean().item()

    log_probs = torch.tensor(log_probs, requires_grad=True)  # coach: detached-graph; fix: torch.stack(log_probs)
    loss = -(log_probs * adv).mean()

    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

    if i_episode % 15 == 14:
        print("episode", i_episode + 1, "hit rate", round(R.mean().item(), 2), "baseline", round(baseline, 3))
