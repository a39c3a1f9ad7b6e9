"""Deep autoencoder in the manner of Hinton & Salakhutdinov (2006), trained end to end."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(18)


def stack(*sizes):
    layers = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(a, b), nn.Sigmoid()]  # coach: vanishing-gradients; fix: nn.ReLU()
    return layers[:-1]


class DeepAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(*stack(24, 32, 24, 20, 16, 6))
        self.dec = nn.Sequential(*stack(6, 16, 20, 24, 32, 24))

    def forward(self, x):
        return self.dec(self.enc(x))


latent = torch.randn(1000, 4)
x = torch.tanh(latent @ torch.randn(4, 24)) + 0.05 * torch.randn(1000, 24)
x = (x - x.mean(0)) / x.std(0)
dl = DataLoader(TensorDataset(x), batch_size=50, shuffle=True)

ae = DeepAE()
opt = torch.optim.Adam(ae.parameters(), lr=2e-3)
for epoch in range(6):
    tot = 0.0
    for (xb,) in dl:
        loss = F.mse_loss(ae(xb), xb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item()
    print(epoch, f"{tot / len(dl):.4f}")
# coach-also: loss-plateau
