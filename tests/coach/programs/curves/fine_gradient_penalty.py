import gradbook as torch
from gradbook import nn

critic = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
opt = torch.optim.Adam(critic.parameters(), lr=1e-4)
for step in range(6):
    real, fake = torch.randn(16, 2), torch.randn(16, 2) * 0.3
    mix = (0.5 * real + 0.5 * fake).requires_grad_()
    (grad,) = torch.autograd.grad(critic(mix).sum(), mix, create_graph=True)
    penalty = ((grad.norm(dim=1) - 1) ** 2).mean()
    loss = critic(fake).mean() - critic(real).mean() + 10 * penalty
    opt.zero_grad()
    loss.backward()
    opt.step()
