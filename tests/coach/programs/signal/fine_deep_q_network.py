import gradbook as torch
import gradbook.nn as nn


class Dueling(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.value, self.advantage = nn.Linear(64, 1), nn.Linear(64, 2)

    def forward(self, state):
        h = self.body(state)
        a = self.advantage(h)
        return self.value(h) + a - a.mean(1, keepdim=True)


online, target = Dueling(), Dueling()
target.load_state_dict(online.state_dict())
opt = torch.optim.Adam(online.parameters(), lr=1e-3)
for step in range(12):
    s, s2, a, r = torch.randn(32, 4), torch.randn(32, 4), torch.randint(0, 2, (32, 1)), torch.randn(32, 1)
    with torch.no_grad():
        goal = r + 0.99 * target(s2).max(1, keepdim=True).values
    loss = nn.functional.smooth_l1_loss(online(s).gather(1, a), goal)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(online.parameters(), 1.0)
    opt.step()
    if step % 5 == 4:
        target.load_state_dict(online.state_dict())
