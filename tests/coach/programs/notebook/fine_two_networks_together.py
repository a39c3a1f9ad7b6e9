# coach-not: unseeded, cell-rerun-continues-training
# %%
import gradbook as torch
from gradbook import nn


def make(inside, outside):
    net = nn.Sequential(nn.Linear(inside, 16), nn.LeakyReLU(0.2), nn.Linear(16, outside))
    return net, torch.optim.Adam(net.parameters(), lr=2e-3)


generator, generator_opt = make(4, 2)
critic, critic_opt = make(2, 1)
bce = nn.BCEWithLogitsLoss()
for step in range(12):
    real = torch.randn(24, 2) * 0.5 + 1
    fake = generator(torch.randn(24, 4))
    loss = bce(critic(real), torch.ones(24, 1)) + bce(critic(fake.detach()), torch.zeros(24, 1))
    critic_opt.zero_grad()
    loss.backward()
    critic_opt.step()
    g_loss = bce(critic(fake), torch.ones(24, 1))
    generator_opt.zero_grad()
    g_loss.backward()
    generator_opt.step()
print(loss.item(), g_loss.item())
