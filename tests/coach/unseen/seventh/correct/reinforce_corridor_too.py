# REINFORCE: a mouse in a corridor of 7 cells, cheese on the right
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(40)
CELLS, MAX_STEPS, GAMMA = 7, 20, 0.95

policy = nn.Sequential(nn.Linear(CELLS, 16), nn.Tanh(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=0.02)
eye = torch.eye(CELLS)
baseline = 0.0


def play():
    pos, logps, rewards = 3, [], []
    for _ in range(MAX_STEPS):
        logp = F.log_softmax(policy(eye[pos]), dim=0)
        action = int(torch.multinomial(logp.detach().exp(), 1).item())
        logps.append(logp[action])
        pos = max(0, min(CELLS - 1, pos + (1 if action == 1 else -1)))
        if pos == CELLS - 1:
            rewards.append(1.0)
            break
        rewards.append(-0.05)
    return logps, rewards


lengths = []
for episode in range(80):
    logps, rewards = play()
    returns, g = [], 0.0
    for r in reversed(rewards):
        g = r + GAMMA * g
        returns.insert(0, g)
    advantage = torch.tensor(returns) - baseline
    baseline = 0.9 * baseline + 0.1 * returns[0]

    loss = -(torch.stack(logps) * advantage).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

    lengths.append(len(rewards))
    if episode % 16 == 15:
        print(f"episode {episode + 1}: mean steps {sum(lengths[-16:]) / 16:.1f}")
