import copy

import gradbook as torch
from gradbook import nn

q = nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 2))
target = copy.deepcopy(q)
opt = torch.optim.Adam(q.parameters(), lr=1e-3)
for step in range(30):
    s, s2 = torch.randn(32, 3), torch.randn(32, 3)
    a = torch.randint(0, 2, (32, 1))
    r = torch.rand(32, 1) * 5 * step
    with torch.no_grad():
        goal = r + 0.99 * target(s2).max(dim=1, keepdim=True).values
    loss = nn.functional.mse_loss(q(s).gather(1, a), goal)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 5 == 0:
        target.load_state_dict(q.state_dict())
