"""Rollouts that are spent in one update, states of an unrolled cell, a context that grows while it writes."""

import gradbook as torch
from gradbook import nn

policy = nn.Sequential(nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 2))
opt = torch.optim.Adam(policy.parameters(), lr=1e-2)
for episode in range(8):
    states, log_probs, rewards = [], [], []
    s = torch.randn(64)
    for t in range(5):
        dist = torch.distributions.Categorical(logits=policy(s))
        a = dist.sample()
        states.append(s)
        log_probs.append(dist.log_prob(a))
        rewards.append(float(s[0]) * (1 if a.item() else -1))
        s = 0.9 * s + 0.1 * torch.randn(64)
    returns = torch.tensor(rewards).flip(0).cumsum(0).flip(0)
    loss = -(torch.stack(log_probs) * returns).sum() + 0 * torch.stack(states).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()

cell, emb, out = nn.GRUCell(8, 64), nn.Embedding(6, 8), nn.Linear(64, 6)
opt = torch.optim.SGD([*cell.parameters(), *emb.parameters(), *out.parameters()], lr=0.1)
text = torch.randint(0, 6, (4, 9))
for _ in range(6):
    h, hidden = torch.zeros(4, 64), []
    for t in range(8):
        h = cell(emb(text[:, t]), h)
        hidden.append(h)
    loss = nn.functional.cross_entropy(out(torch.stack(hidden, dim=1)).flatten(0, 1), text[:, 1:].flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
with torch.no_grad():
    written, h = text[:1, :1], torch.zeros(1, 64)
    for _ in range(70):
        h = cell(emb(written[:, -1]), h)
        written = torch.cat([written, out(h).argmax(dim=1, keepdim=True)], dim=1)
