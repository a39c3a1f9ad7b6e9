import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(52)
base = torch.randn(768, 4)
mix = torch.tensor([[1.0, 0.5, 0.0, 0.0], [0.0, 0.8, 0.3, 0.0], [0.0, 0.0, 1.0, -0.4], [0.2, 0.0, 0.0, 0.7]])
rows = base @ mix
rows = (rows - rows.mean(0)) / rows.std(0)
loader = DataLoader(TensorDataset(rows), batch_size=48, shuffle=True)

gen = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 4))
critic = nn.Sequential(nn.Linear(4, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 1))
g_opt = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.0, 0.9))
c_opt = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.0, 0.9))


def gradient_penalty(real, fake):
    eps = torch.rand(real.size(0), 1)
    mid = (eps * real + (1 - eps) * fake).requires_grad_(True)
    grad, = torch.autograd.grad(critic(mid).sum(), mid, create_graph=True)
    return ((grad.norm(2, dim=1) - 1) ** 2).mean()


step = 0
for epoch in range(10):
    for (real,) in loader:
        with torch.no_grad():
            fake = gen(torch.randn(real.size(0), 6))
        c_loss = critic(fake).mean() - critic(real).mean() + 10.0 * gradient_penalty(real, fake)
        c_opt.zero_grad()
        c_loss.backward()
        c_opt.step()

        if step % 2 == 0:
            g_loss = -critic(gen(torch.randn(real.size(0), 6))).mean()
            g_opt.zero_grad()
            g_loss.backward()
            g_opt.step()
        step += 1
    print(f"epoch {epoch} critic {c_loss.item():.4f} gen {g_loss.item():.4f}")
