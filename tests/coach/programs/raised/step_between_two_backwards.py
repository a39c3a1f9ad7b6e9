"""Two agents: both losses are computed first, and the first agent steps before the second loss goes backward."""

import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(0)
speaker = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 4))
listener = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 5))
opt_s = torch.optim.SGD(speaker.parameters(), lr=0.1)
opt_l = torch.optim.SGD(listener.parameters(), lr=0.1)

for step in range(5):
    world = torch.randn(32, 5)
    message = speaker(world)
    guess = listener(message)
    loss_l = (guess - world).pow(2).mean()
    loss_s = loss_l + 0.01 * message.pow(2).mean()

    opt_l.zero_grad()
    loss_l.backward(retain_graph=True)
    opt_l.step()  # coach: inplace-breaks-backward; fix: opt_l.step()

    opt_s.zero_grad()
    loss_s.backward()
    opt_s.step()
