import gradbook as torch
import gradbook.nn as nn


def mlp(n_in, n_out, width=32):
    return nn.Sequential(nn.Linear(n_in, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, n_out))


def gradient_penalty(critic, real, fake):
    alpha = torch.rand(real.size(0), 1)
    mixed = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    score = critic(mixed)
    (grad,) = torch.autograd.grad(score, mixed, grad_outputs=torch.ones_like(score), create_graph=True)
    return ((grad.norm(2, dim=1) - 1) ** 2).mean()


def ring(n):
    angle = torch.rand(n) * 6.28318
    return torch.stack([angle.cos(), angle.sin()], dim=1) + 0.02 * torch.randn(n, 2)


torch.manual_seed(9)
gen, critic = mlp(2, 2), mlp(2, 1)
g_opt = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.0, 0.9))
c_opt = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.0, 0.9))

for step in range(12):
    for _ in range(3):
        real = ring(48)
        with torch.no_grad():
            fake = gen(torch.randn(48, 2))
        c_loss = critic(fake).mean() - critic(real).mean() + 10.0 * gradient_penalty(critic, real, fake)
        c_opt.zero_grad()
        c_loss.backward()
        c_opt.step()

    g_loss = -critic(gen(torch.randn(48, 2))).mean()
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
    if step % 4 == 0:
        print(f"{step:2d} critic {c_loss.item():+.3f} gen {g_loss.item():+.3f}")
