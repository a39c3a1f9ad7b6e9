"""REINFORCE: walk down a five-cell corridor to the cheese."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(99)
CELLS, LIMIT, GAMMA = 5, 12, 0.95


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(CELLS, 16)
        self.action = nn.Linear(16, 2)

    def forward(self, cell):
        onehot = F.one_hot(torch.tensor(cell), CELLS).float()
        return F.log_softmax(self.action(torch.tanh(self.hidden(onehot))), dim=-1)


def play(policy):
    cell, log_probs, rewards = 0, [], []
    for _ in range(LIMIT):
        logp = policy(cell)
        move = int(torch.multinomial(logp.detach().exp(), 1))
        cell = min(max(cell + (1 if move == 1 else -1), 0), CELLS - 1)
        log_probs.append(logp[move])
        rewards.append(1.0 if cell == CELLS - 1 else -0.1)
        if cell == CELLS - 1:
            break
    return torch.stack(log_probs), rewards


def returns_to_go(rewards):
    out, g = [], 0.0
    for r in reversed(rewards):
        g = r + GAMMA * g
        out.append(g)
    return torch.tensor(out[::-1])


policy = Policy()
opt = torch.optim.Adam(policy.parameters(), lr=0.02)
baseline = 0.0
for update in range(30):
    losses, scores = [], []
    for _ in range(4):
        log_probs, rewards = play(policy)
        g = returns_to_go(rewards)
        losses.append(-(log_probs * (g - baseline)).sum())
        scores.append(sum(rewards))
    baseline = 0.9 * baseline + 0.1 * sum(scores) / len(scores)
    opt.zero_grad()
    torch.stack(losses).mean().backward()
    opt.step()
    if update % 5 == 0:
        print("update", update, "mean return", round(sum(scores) / len(scores), 2))
