import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)


def synth(n, T=16):
    """two noisy sinusoid channels; regress their phase difference (as cos, sin)"""
    t = torch.linspace(0, 6.28, T)[None]
    p1, p2 = torch.rand(n, 1) * 6.28, torch.rand(n, 1) * 6.28
    sig = torch.stack([torch.sin(t + p1), torch.sin(t + p2)], -1) * 1.41
    sig = sig + 0.1 * torch.randn_like(sig)
    d = (p1 - p2).squeeze(1)
    return TensorDataset(sig, torch.stack([d.cos(), d.sin()], 1))


train_loader = DataLoader(synth(320), batch_size=32, shuffle=True)
valid_loader = DataLoader(synth(96), batch_size=32)


class PhaseNet(nn.Module):
    def __init__(self, h=32):
        super().__init__()
        self.gru = nn.GRU(2, h, batch_first=True)
        self.out = nn.Sequential(nn.Linear(h, h), nn.ReLU(), nn.Dropout(0.1), nn.Linear(h, 2))

    def forward(self, s):
        _, h = self.gru(s)
        return self.out(h[-1])


model = PhaseNet()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)


def evaluate(model, loader):  # coach-line: no-grad-missing
    model.eval()  # coach-line: no-grad-missing
    total = 0.0
    for s, d in loader:  # coach: no-grad-missing; fix: torch.no_grad()
        total += F.mse_loss(model(s), d).item() * len(s)  # coach-line: no-grad-missing
    return total / len(loader.dataset)


for ep in range(5):
    model.train()
    for s, d in train_loader:
        opt.zero_grad()
        loss = F.mse_loss(model(s), d)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
    print(f"{ep}: valid mse {evaluate(model, valid_loader):.4f}")  # coach-line: no-grad-missing
