import gradbook as torch
import gradbook.nn as nn

critic = nn.Sequential(nn.Linear(3, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
generator = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 3), nn.Tanh())
c_opt = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.0, 0.9))
g_opt = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.0, 0.9))
for it in range(6):
    real = torch.sign(torch.randn(24, 3))
    fake = generator(torch.randn(24, 4)).detach()
    eps = torch.rand(24, 1)
    mixed = (eps * real + (1 - eps) * fake).requires_grad_()
    (grads,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
    c_loss = critic(fake).mean() - critic(real).mean() + 10 * ((grads.norm(dim=1) - 1) ** 2).mean()
    c_opt.zero_grad()
    c_loss.backward()
    c_opt.step()
    if it % 2:
        g_loss = -critic(generator(torch.randn(24, 4))).mean()
        g_opt.zero_grad()
        g_loss.backward()
        g_opt.step()
