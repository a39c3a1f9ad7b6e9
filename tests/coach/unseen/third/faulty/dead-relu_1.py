"""Sparse autoencoder for small 'activation' vectors built from a dictionary of 24 features."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(4)
N_FEATURES, D = 24, 16
dictionary = F.normalize(torch.randn(N_FEATURES, D), dim=1)
on = (torch.rand(2000, N_FEATURES) < 0.1).float()
acts = (on * (0.5 + torch.rand(2000, N_FEATURES))) @ dictionary
acts = (acts - acts.mean(0)) / acts.std(0)


class SparseAutoencoder(nn.Module):
    def __init__(self, d_in, d_code):
        super().__init__()
        self.W_enc = nn.Linear(d_in, d_code)
        self.W_dec = nn.Linear(d_code, d_in)
        nn.init.constant_(self.W_enc.bias, -3.0)  # coach: dead-relu

    def forward(self, x):
        code = F.relu(self.W_enc(x))  # coach-also: degenerate-activation
        return self.W_dec(code), code


sae = SparseAutoencoder(D, 48)  # coach-also: bad-init
optimizer = torch.optim.Adam(sae.parameters(), lr=1e-3)
l1_coeff = 2e-3

for step in range(150):
    batch = acts[torch.randint(0, len(acts), (128,))]
    recon, code = sae(batch)
    mse = F.mse_loss(recon, batch)  # coach-also: loss-plateau
    loss = mse + l1_coeff * code.abs().sum(1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 25 == 24:
        print(f"step {step + 1}: mse {mse.item():.4f}  L0 {(code > 0).float().sum(1).mean().item():.2f}")
