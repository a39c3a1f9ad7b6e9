"""The target network is cleared in place of the one that learns."""

import copy

import gradbook as torch
import gradbook.nn as nn

policy_net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
target_net = copy.deepcopy(policy_net)
optimizer = torch.optim.RMSprop(policy_net.parameters(), lr=1e-3)


def optimize(batch):
    state, action, reward, nxt = batch
    q = policy_net(state).gather(1, action)
    with torch.no_grad():
        goal = reward + 0.9 * target_net(nxt).max(1).values
    loss = nn.functional.smooth_l1_loss(q.squeeze(1), goal)
    target_net.zero_grad()  # coach: missing-zero-grad; fix: policy_net.zero_grad()
    loss.backward()
    optimizer.step()


for _ in range(6):
    optimize((torch.randn(8, 4), torch.randint(0, 2, (8, 1)), torch.randn(8), torch.randn(8, 4)))
