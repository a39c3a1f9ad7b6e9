import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(13)
latent = torch.randn(256, 3)
mix = torch.randn(3, 12)
data = torch.tanh(latent @ mix)

enc = nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Linear(16, 3))
dec = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 12))

opt = torch.optim.Adam(enc.parameters(), lr=2e-3)  # coach: stale-optimizer; fix: dec.parameters()
loader = DataLoader(TensorDataset(data), batch_size=32, shuffle=True)

for epoch in range(5):
    running = 0.0
    for (x,) in loader:
        recon = dec(enc(x))
        loss = ((recon - x) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        running += loss.item() * len(x)
    print(f"epoch={epoch} recon={running / len(data):.4f}")
# coach-also: missing-zero-grad
