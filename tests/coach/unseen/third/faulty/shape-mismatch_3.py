import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class ConvBlock(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv = nn.Conv1d(cin, cout, kernel_size=3, padding=1, bias=False)
        self.bn = nn.BatchNorm1d(cout)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class ConcatPool(nn.Module):
    """Average and maximum over time, side by side (as in fastai)."""

    def forward(self, x):
        return torch.cat([x.mean(dim=-1), x.amax(dim=-1)], dim=1)


class AudioTagger(nn.Module):
    def __init__(self, channels=(1, 16, 32), num_tags=5):
        super().__init__()
        self.encoder = nn.Sequential(*[ConvBlock(a, b) for a, b in zip(channels[:-1], channels[1:])])
        self.pool = ConcatPool()
        self.head = nn.Linear(32, num_tags)  # coach: shape-mismatch; fix: nn.Linear(64,

    def forward(self, wav):
        return self.head(self.pool(self.encoder(wav)))


class Trainer:
    def __init__(self, model, loader, lr):
        self.model, self.loader = model, loader
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=lr)

    def run(self, epochs):
        self.model.train()
        for epoch in range(epochs):
            for wav, tag in self.loader:
                loss = F.cross_entropy(self.model(wav), tag)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            print(f"epoch {epoch}: {loss.item():.4f}")


def tones(n=200, length=40):
    tag = torch.arange(n) % 5
    t = torch.linspace(0, 6.2832, length)
    wav = torch.sin((tag + 1).float().unsqueeze(1) * t + 6.2832 * torch.rand(n, 1))
    wav = wav + 0.3 * torch.randn(n, length)
    return ((wav - wav.mean()) / wav.std()).unsqueeze(1), tag


if __name__ == "__main__":
    torch.manual_seed(10)
    loader = DataLoader(TensorDataset(*tones()), batch_size=25, shuffle=True)
    Trainer(AudioTagger(), loader, lr=3e-3).run(epochs=3)
