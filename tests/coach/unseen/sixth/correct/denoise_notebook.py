# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

# %%
torch.manual_seed(1)
n = 321
phase = 6.28 * torch.rand(n, 1)
freq = 1 + 2 * torch.rand(n, 1)
clean = torch.sin(freq * torch.linspace(0, 6.28, 32) + phase).unsqueeze(1)
clean = clean / clean.std()
loader = DataLoader(TensorDataset(clean[:257]), batch_size=32, shuffle=True, drop_last=True)


# %%
class Denoiser(nn.Module):
    def __init__(self, c=12):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(1, c, 5, padding=2, bias=False), nn.BatchNorm1d(c), nn.ReLU(),
            nn.Conv1d(c, c, 5, padding=2, bias=False), nn.BatchNorm1d(c), nn.ReLU(),
            nn.Conv1d(c, 1, 5, padding=2),
        )

    def forward(self, x):
        return x + self.net(x)


# %% [train]
torch.manual_seed(2)
model = Denoiser()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
model.train()
for epoch in range(6):
    total = 0.0
    for (x,) in loader:
        noisy = x + 0.5 * torch.randn_like(x)
        opt.zero_grad()
        loss = F.mse_loss(model(noisy), x)
        loss.backward()
        opt.step()
        total += loss.item()
    print("epoch", epoch, "mse %.4f" % (total / len(loader)))

# %% [train] rerun

# %%
model.eval()
with torch.no_grad():
    held_out = clean[257:]
    noisy = held_out + 0.5 * torch.randn_like(held_out)
    print("before %.4f after %.4f" % (F.mse_loss(noisy, held_out).item(), F.mse_loss(model(noisy), held_out).item()))
