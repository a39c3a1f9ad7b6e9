# Original WGAN recipe (Arjovsky et al.): RMSprop and weight clipping.
import gradbook as torch
from gradbook import nn

torch.manual_seed(21)
generator = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 2))
critic = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
optG = torch.optim.RMSprop(generator.parameters(), lr=5e-4)
optC = torch.optim.RMSprop(critic.parameters(), lr=5e-4)
N_CRITIC, CLIP, B = 5, 0.05, 64
center = torch.tensor([1.0, -0.5])

for it in range(15):
    for _ in range(N_CRITIC):
        real = center + 0.3 * torch.randn(B, 2)
        fake = generator(torch.randn(B, 3)).detach()
        optC.zero_grad()
        loss_c = -(critic(real).mean() - critic(fake).mean())
        loss_c.backward()
        optC.step()
        for p in critic.parameters():
            p.data.clamp_(-CLIP, CLIP)
    optG.zero_grad()
    loss_g = -critic(generator(torch.randn(B, 3))).mean()
    loss_g.backward()
    optG.step()
    if it % 5 == 0:
        print(it, loss_c.item(), loss_g.item())
