import gradbook as torch
from gradbook import nn


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(12, 4)
        self.dec = nn.Linear(4, 12)

    def forward(self, x):
        return self.dec(torch.tanh(self.enc(x)))


ae = Autoencoder()
params = list(ae.parameters())
adamw = torch.optim.AdamW(params, lr=1e-8, weight_decay=0.0)  # coach: learning-rate-too-low; fix: lr=0.001
data = torch.rand(64, 12)
for step in range(20):
    recon = ae(data)
    loss = torch.mean((recon - data) ** 2)
    adamw.zero_grad()
    loss.backward()
    adamw.step()
