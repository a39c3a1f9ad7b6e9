import gradbook as torch
from gradbook import nn

gen = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
critic = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
og = torch.optim.RMSprop(gen.parameters(), lr=5e-4)
oc = torch.optim.RMSprop(critic.parameters(), lr=5e-3)
for step in range(12):
    for _ in range(3):
        real = torch.randn(32, 2) + 4
        oc.zero_grad()
        c_loss = critic(gen(torch.randn(32, 2)).detach()).mean() - critic(real).mean()
        c_loss.backward()
        oc.step()
    og.zero_grad()
    g_loss = -critic(gen(torch.randn(32, 2))).mean()
    g_loss.backward()
    og.step()
