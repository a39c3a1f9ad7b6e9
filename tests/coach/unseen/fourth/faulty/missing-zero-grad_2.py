"""Which of the two sinusoids came first? A GRU should know."""
import math
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)


def make_waves(n, steps=16):
    label = torch.randint(0, 2, (n,))
    t = torch.linspace(0, 2 * math.pi, steps)
    freq = torch.where(label == 0, torch.tensor(1.0), torch.tensor(2.0)).unsqueeze(1)
    phase = torch.rand(n, 1) * 2
    waves = torch.sin(freq * t + phase) + 0.1 * torch.randn(n, steps)
    return waves.unsqueeze(-1), label


class WaveNet(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 2)

    def forward(self, seq):
        _, h = self.gru(seq)
        return self.out(h[-1])


class Trainer:
    def __init__(self, model, lr=0.1):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
        self.criterion = nn.CrossEntropyLoss()

    def step(self, seq, label):
        loss = self.criterion(self.model(seq), label)
        loss.backward()  # coach: missing-zero-grad; fix: self.opt.zero_grad()
        self.opt.step()  # coach-also: loss-diverged
        return loss.item()

    def fit(self, loader, epochs):
        for epoch in range(epochs):
            losses = [self.step(s, l) for s, l in loader]
            print(f"epoch {epoch}: {sum(losses) / len(losses):.4f}")


waves, labels = make_waves(256)
Trainer(WaveNet()).fit(DataLoader(TensorDataset(waves, labels), batch_size=32, shuffle=True), epochs=6)
