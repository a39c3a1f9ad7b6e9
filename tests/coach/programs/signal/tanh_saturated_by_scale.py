import gradbook as torch
import gradbook.nn as nn


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 16)
        self.head = nn.Linear(16, 2)
        self.act = nn.Tanh()

    def forward(self, obs):
        h = self.act(self.body(obs * 1000.0))  # coach: saturated-activation
        return self.head(h)


pi = Policy()
opt = torch.optim.Adam(pi.parameters(), lr=1e-3)


def update(obs, act, adv):
    logp = torch.log_softmax(pi(obs), dim=1).gather(1, act)
    loss = -(logp * adv).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()


for _ in range(6):
    update(torch.randn(20, 4), torch.randint(0, 2, (20, 1)), torch.randn(20, 1))
