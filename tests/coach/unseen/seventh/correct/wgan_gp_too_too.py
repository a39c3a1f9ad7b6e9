import gradbook as torch
from gradbook import nn

torch.manual_seed(2)
LATENT, CRITIC_STEPS, LAMBDA = 4, 5, 1.0


def real_batches(n):
    while True:
        mode = torch.randint(0, 2, (n, 1)).float() * 2 - 1
        yield torch.cat([mode, 0.5 * mode], dim=1) + 0.2 * torch.randn(n, 2)


def mlp(i, h, o):
    return nn.Sequential(nn.Linear(i, h), nn.LeakyReLU(0.2), nn.Linear(h, h), nn.LeakyReLU(0.2), nn.Linear(h, o))


def gradient_penalty(critic, real, fake):
    t = torch.rand(len(real), 1)
    mix = (t * real + (1 - t) * fake).requires_grad_(True)
    score = critic(mix)
    (grad,) = torch.autograd.grad(score.sum(), mix, create_graph=True)
    return ((grad.norm(2, dim=1) - 1) ** 2).mean()


def critic_step(gen, critic, opt, real):
    fake = gen(torch.randn(len(real), LATENT)).detach()
    loss = critic(fake).mean() - critic(real).mean() + LAMBDA * gradient_penalty(critic, real, fake)
    opt.zero_grad()
    loss.backward()
    opt.step()
    return loss.item()


def generator_step(gen, critic, opt, n):
    loss = -critic(gen(torch.randn(n, LATENT))).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    return loss.item()


gen, critic = mlp(LATENT, 32, 2), mlp(2, 32, 1)
opt_g = torch.optim.Adam(gen.parameters(), lr=5e-4, betas=(0.0, 0.9))
opt_c = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.0, 0.9))
stream = real_batches(64)
for step in range(200):
    c = [critic_step(gen, critic, opt_c, next(stream)) for _ in range(CRITIC_STEPS)][-1]
    g = generator_step(gen, critic, opt_g, 64)
    if step % 80 == 79:
        print(f"step {step}: critic {c:.3f} generator {g:.3f}")

gen.eval()
with torch.no_grad():
    sample = gen(torch.randn(256, LATENT))
print("sample mean", sample.mean(0).tolist(), "std", sample.std(0).tolist())
