import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class ActivationProbe:
    """Keeps what a layer put out, to look at its spread later."""

    def __init__(self, layer):
        self.outputs = []
        layer.register_forward_hook(self.hook)

    def hook(self, module, inputs, output):
        self.outputs.append(output.detach())  # coach: memory-growth

    def spread(self):
        return self.outputs[-1].std().item()


class Denoiser(nn.Module):
    def __init__(self, c=16):
        super().__init__()
        self.inc = nn.Conv2d(1, c, 3, padding=1)
        self.mid = nn.Conv2d(c, c, 3, padding=1)
        self.outc = nn.Conv2d(c, 1, 3, padding=1)

    def forward(self, x):
        h = F.relu(self.inc(x))
        h = F.relu(self.mid(h))
        return self.outc(h)


torch.manual_seed(28)
base = torch.randn(160, 1, 4, 4)
clean = F.interpolate(base, size=16, mode="bilinear", align_corners=False)
clean = clean / clean.std()
noisy = clean + 0.5 * torch.randn(160, 1, 16, 16)
loader = DataLoader(TensorDataset(noisy, clean), batch_size=16, shuffle=True)
model = Denoiser()
probe = ActivationProbe(model.mid)
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(15):
    model.train()
    running = 0.0
    for dirty, target in loader:
        opt.zero_grad()
        loss = F.mse_loss(model(dirty), target)
        loss.backward()
        opt.step()
        running += loss.item() / len(loader)
    print(f"epoch {epoch:2d} mse {running:.4f} spread {probe.spread():.3f}")
