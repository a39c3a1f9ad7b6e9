"""The generator's loss is computed, its optimizer steps, and backward() of it is missing."""

import gradbook as torch
import gradbook.nn as nn

generator = nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Linear(12, 3))
critic = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 1))
gen_opt = torch.optim.Adam(generator.parameters(), lr=1e-3)
critic_opt = torch.optim.Adam(critic.parameters(), lr=1e-3)
for step in range(10):
    x, z = torch.randn(8, 3) + 2, torch.randn(8, 4)
    fake = generator(z)
    critic_opt.zero_grad()
    critic_loss = critic(fake.detach()).mean() - critic(x).mean()
    critic_loss.backward()
    critic_opt.step()
    gen_opt.zero_grad()
    gen_loss = -critic(fake).mean()
    gen_opt.step()  # coach: optimizer-call-order; fix: gen_loss.backward()
