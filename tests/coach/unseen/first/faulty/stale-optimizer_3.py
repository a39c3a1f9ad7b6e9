import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# encoder + decoder autoencoder, two modules
torch.manual_seed(9)
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(20, 8)
    def forward(self, x):
        return torch.tanh(self.l(x))
class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(8, 20)
    def forward(self, z):
        return self.l(z)
enc, dec = Encoder(), Decoder()
mix = torch.randn(4, 20) / 2
data = torch.randn(256, 4) @ mix
optimizer = torch.optim.Adam(enc.parameters(), lr=5e-3)  # coach: stale-optimizer; fix: dec.parameters()
for epoch in range(6):
    for chunk in data[torch.randperm(256)].split(64):
        optimizer.zero_grad()
        recon = dec(enc(chunk))
        loss = F.mse_loss(recon, chunk)
        loss.backward()
        optimizer.step()
    print(f'epoch {epoch} recon {loss.item():.4f}')
# coach-also: missing-zero-grad
