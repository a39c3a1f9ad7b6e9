import random
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

random.seed(0)
torch.manual_seed(41)
S, A, LIMIT = 8, 2, 90.0   # steering limit in degrees
K = torch.randn(S, A)


def expert(s):
    return LIMIT * torch.tanh(s @ K / 3)


class Actor(nn.Module):
    def __init__(self, max_action):
        super().__init__()
        self.max_action = max_action
        self.l1, self.l2 = nn.Linear(S, 64), nn.Linear(64, 64)
        self.mu = nn.Linear(64, A)

    def forward(self, s):
        h = F.relu(self.l1(s))
        h = F.relu(self.l2(h))
        return self.max_action * torch.tanh(self.max_action * self.mu(h))  # coach: saturated-activation; fix: torch.tanh(self.mu(h))


actor = Actor(LIMIT)
opt = torch.optim.Adam(actor.parameters(), lr=1e-3)
buffer = []
for it in range(60):
    s = torch.randn(32, S)
    buffer.extend(zip(s, expert(s)))
    batch = random.sample(buffer, 32)
    obs = torch.stack([b[0] for b in batch])
    act = torch.stack([b[1] for b in batch])
    loss = F.mse_loss(actor(obs) / LIMIT, act / LIMIT)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 15 == 0:
        print(it, f"bc loss {loss.item():.4f}")
