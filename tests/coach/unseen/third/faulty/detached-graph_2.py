from dataclasses import dataclass, field

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset


@dataclass
class Options:
    dim: int = 24
    latent: int = 12
    classes: int = 4
    lr: float = 2e-3
    epochs: int = 6
    weights: dict = field(default_factory=lambda: {"cls": 1.0, "rec": 0.5})


class Signals(Dataset):
    def __init__(self, opt, n=400):
        basis = torch.randn(opt.classes, opt.dim)
        self.y = torch.arange(n) % opt.classes
        x = basis[self.y] * (0.5 + torch.rand(n, 1)) + 0.5 * torch.randn(n, opt.dim)
        self.x = (x - x.mean(0)) / x.std(0)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return {"x": self.x[i], "y": self.y[i]}


class SemiAE(nn.Module):
    def __init__(self, opt):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(opt.dim, 32), nn.ReLU(), nn.Linear(32, opt.latent))
        self.decoder = nn.Sequential(nn.Linear(opt.latent, 32), nn.ReLU(), nn.Linear(32, opt.dim))
        self.classifier = nn.Linear(opt.latent, opt.classes)

    def forward(self, x):
        z = self.encoder(x)
        return {"logits": self.classifier(z), "recon": self.decoder(z)}


def compute_losses(out, batch):
    losses = {}
    losses["cls"] = F.cross_entropy(out["logits"], batch["y"])
    losses["rec"] = F.mse_loss(out["recon"], batch["x"]).item()  # coach: detached-graph; fix: F.mse_loss(out["recon"], batch["x"])
    return losses


opt = Options()
torch.manual_seed(7)
loader = DataLoader(Signals(opt), batch_size=40, shuffle=True)
model = SemiAE(opt)
optim = torch.optim.Adam(model.parameters(), lr=opt.lr)

for epoch in range(opt.epochs):
    logs = {k: 0.0 for k in opt.weights}
    for batch in loader:
        losses = compute_losses(model(batch["x"]), batch)
        total = sum(opt.weights[k] * v for k, v in losses.items())
        optim.zero_grad()
        total.backward()  # coach-also: unused-parameters
        optim.step()
        for k, v in losses.items():
            logs[k] += float(v) / len(loader)
    print(epoch, {k: round(v, 4) for k, v in logs.items()})
