"""Probabilities are clipped in place after softmax."""

import gradbook as torch
import gradbook.nn as nn


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, s):
        probs = torch.softmax(self.fc(s), dim=-1)
        probs.clamp_(1e-6, 1 - 1e-6)  # coach: inplace-breaks-backward; fix: probs = probs.clamp(1e-6, 1 - 1e-6)
        return probs


pi = Policy()
optimizer = torch.optim.Adam(pi.parameters(), lr=1e-2)
for episode in range(3):
    states, returns = torch.randn(12, 4), torch.rand(12)
    p = pi(states)
    actions = torch.bernoulli(p[:, 1].detach()).long()
    logp = torch.log(p.gather(1, actions.unsqueeze(1)).squeeze(1))
    loss = -(logp * returns).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
