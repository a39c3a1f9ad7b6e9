import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)


class Snap(torch.autograd.Function):
    """Forward: the codebook vector; backward: the gradient goes to the encoder as if nothing had happened."""

    @staticmethod
    def forward(ctx, z, code):
        return code.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad, None


class VectorQuantiser(nn.Module):
    def __init__(self, n_codes, dim, beta=0.25):
        super().__init__()
        self.codebook = nn.Embedding(n_codes, dim)
        self.beta = beta

    def forward(self, z):
        index = torch.cdist(z, self.codebook.weight).argmin(dim=1)
        code = self.codebook(index)
        commitment = F.mse_loss(code, z.detach()) + self.beta * F.mse_loss(z, code.detach())
        return Snap.apply(z, code.detach()), commitment, index


class VQAutoencoder(nn.Module):
    def __init__(self, steps=16, dim=4, n_codes=12):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(steps, 32), nn.ReLU(), nn.Linear(32, dim))
        self.quantise = VectorQuantiser(n_codes, dim)
        self.decode = nn.Sequential(nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, steps))

    def forward(self, x):
        code, commitment, index = self.quantise(self.encode(x))
        return self.decode(code), commitment, index


motifs = torch.randn(6, 16).cumsum(1)
signals = motifs[torch.randint(0, 6, (400,))] + 0.3 * torch.randn(400, 16)
signals = (signals - signals.mean(0)) / signals.std(0)
loader = DataLoader(TensorDataset(signals[:320]), batch_size=32, shuffle=True)
held_out = signals[320:]

net = VQAutoencoder()
with torch.no_grad():
    net.quantise.codebook.weight.copy_(net.encode(signals[torch.randperm(320)[:12]]))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(15):
    net.train()
    for (x,) in loader:
        rebuilt, commitment, _ = net(x)
        loss = F.mse_loss(rebuilt, x) + commitment
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        rebuilt, _, index = net(held_out)
    print(f"epoch {epoch:2d} val mse {F.mse_loss(rebuilt, held_out).item():.4f} codes in use {index.unique().numel()}")
