# %% setup
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(24)
normal = torch.randn(600, 4) @ torch.randn(4, 12) + 0.1 * torch.randn(600, 12)
normal = (normal - normal.mean(0)) / normal.std(0)
loader = DataLoader(TensorDataset(normal), batch_size=60, shuffle=True)

# %% autoencoder
ae = nn.Sequential(nn.Linear(12, 8), nn.Tanh(), nn.Linear(8, 4), nn.Tanh(), nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 12))
opt = torch.optim.Adam(ae.parameters(), lr=5e-3)

# %% train, keep an eye on the reconstruction error
log = []
for epoch in range(5):
    for (x,) in loader:
        opt.zero_grad()
        err = ((ae(x) - x) ** 2).mean(dim=1)
        loss = err.mean()
        loss.backward()
        opt.step()
        log.append(err.item())  # coach: item-on-non-scalar; fix: loss.item()
    print(f"epoch {epoch}: {log[-1]:.4f}")
