"""Denoising autoencoder trained with micro-batches: gradients of four chunks are summed before each step."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(66)
latent = torch.randn(1024, 3)
clean = torch.tanh(latent @ torch.randn(3, 24)) + 0.05 * torch.randn(1024, 24)
train, valid = clean[:832], clean[832:]
centre, spread = train.mean(0), train.std(0)
train, valid = (train - centre) / spread, (valid - centre) / spread
train_dl = DataLoader(TensorDataset(train), batch_size=16, shuffle=True)
ACCUM = 4


class DAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(24, 48), nn.GELU(), nn.Linear(48, 6), nn.GELU())
        self.dec = nn.Sequential(nn.Linear(6, 48), nn.GELU(), nn.Linear(48, 24))

    def corrupt(self, x):
        return (x + 0.3 * torch.randn_like(x)) * (torch.rand_like(x) > 0.1)

    def forward(self, x):
        return self.dec(self.enc(self.corrupt(x) if self.training else x))


dae = DAE()
mse = nn.MSELoss()
opt = torch.optim.AdamW(dae.parameters(), lr=4e-3, weight_decay=1e-3)
best, patience, bad_epochs = float("inf"), 3, 0
best_state = None

for epoch in range(15):
    dae.train()
    opt.zero_grad()
    for i, (x,) in enumerate(train_dl, start=1):
        loss = mse(dae(x), x) / ACCUM
        loss.backward()
        if i % ACCUM == 0:
            opt.step()
            opt.zero_grad()

    dae.eval()
    with torch.no_grad():
        v = mse(dae(valid), valid).item()
    print(f"epoch {epoch:2d} train {loss.item() * ACCUM:.4f} valid {v:.4f}")
    if v < best - 1e-4:
        best, bad_epochs = v, 0
        best_state = {k: t.clone() for k, t in dae.state_dict().items()}
    else:
        bad_epochs += 1
        if bad_epochs == patience:
            break
dae.load_state_dict(best_state)
