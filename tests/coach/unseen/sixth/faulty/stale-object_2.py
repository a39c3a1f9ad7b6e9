# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(40)
latent = torch.randn(400, 3)
spectra = torch.tanh(latent @ torch.randn(3, 24)) + 0.05 * torch.randn(400, 24)
spectra = (spectra - spectra.mean(0)) / spectra.std(0)
loader = DataLoader(TensorDataset(spectra), batch_size=40, shuffle=True)


# %%
class AutoEncoder(nn.Module):
    def __init__(self, code=3):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(24, 32), nn.ReLU(), nn.Linear(32, code))
        self.decoder = nn.Sequential(nn.Linear(code, 32), nn.ReLU(), nn.Linear(32, 24))

    def forward(self, x):
        return self.decoder(self.encoder(x))


# %% [build]
ae = AutoEncoder()

# %%
encode = ae.encoder  # coach: stale-object; fix: ae.encoder

# %% [train]
opt = torch.optim.Adam(ae.parameters(), lr=4e-3)
ae.train()
for epoch in range(8):
    for (x,) in loader:
        opt.zero_grad()
        loss = F.mse_loss(ae(x), x)
        loss.backward()
        opt.step()
print("reconstruction", loss.item())

# %% [build] rerun

# %% [train] rerun

# %%
ae.eval()
with torch.no_grad():
    z = encode(spectra)  # coach-line: stale-object
    print("code std", z.std(0))
    print("reconstruction from codes", F.mse_loss(ae.decoder(z), spectra).item())
