"""A GAN in two functions: the generator's update was copied from the critic's, with its optimizer."""

import gradbook as torch
from gradbook import nn, optim
from gradbook.nn import functional as F

torch.manual_seed(0)
maker = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
critic = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
maker_opt = optim.Adam(maker.parameters(), lr=1e-3)
critic_opt = optim.Adam(critic.parameters(), lr=1e-3)
yes, no = torch.ones(32, 1), torch.zeros(32, 1)


def teach_critic(real):
    critic_opt.zero_grad()
    made = maker(torch.randn(32, 4)).detach()
    error = F.binary_cross_entropy_with_logits(critic(real), yes) + F.binary_cross_entropy_with_logits(critic(made), no)
    error.backward()
    critic_opt.step()


def teach_maker():
    maker_opt.zero_grad()
    error = F.binary_cross_entropy_with_logits(critic(maker(torch.randn(32, 4))), yes)
    error.backward()
    critic_opt.step()  # coach: optimizer-call-order; fix: maker_opt.step()


for _ in range(20):
    teach_critic(torch.randn(32, 2) * 0.5 + 1)
    teach_maker()
