"""Values of a small chain, learned from a slow copy: the optimizer was given the copy."""

import copy

import gradbook as torch
from gradbook import nn, optim

torch.manual_seed(0)
values = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
slow = copy.deepcopy(values)
opt = optim.Adam(slow.parameters(), lr=3e-3)  # coach: stale-optimizer; fix: values.parameters()
states = torch.eye(5)

for step in range(30):
    here = torch.randint(0, 5, (16,))
    ahead = (here + 1).clamp(max=4)
    reward = (ahead == 4).float().unsqueeze(1)
    with torch.no_grad():
        goal = reward + 0.9 * slow(states[ahead])
    loss = nn.functional.smooth_l1_loss(values(states[here]), goal)
    opt.zero_grad()  # coach-also: missing-zero-grad, loss-plateau
    loss.backward()
    opt.step()
    if step % 10 == 0:
        slow.load_state_dict(values.state_dict())
