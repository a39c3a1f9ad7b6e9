import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class SoundEncoder(nn.Module):
    def __init__(self, n_mels=20, dim=32):
        super().__init__()
        self.conv1 = nn.Conv1d(n_mels, dim, 5, padding=2)
        self.conv2 = nn.Conv1d(dim, dim, 5, padding=2)

    def forward(self, mel):
        h = F.relu(self.conv1(mel))
        h = F.relu(self.conv2(h))
        return h.amax(dim=-1)


class TaggingHead(nn.Module):
    def __init__(self, dim, hidden, n_tags):
        super().__init__()
        self.hidden = nn.Linear(dim, hidden)  # coach-line: missing-nonlinearity
        self.out = nn.Linear(hidden, n_tags)

    def forward(self, h):
        h = self.hidden(h)  # coach: missing-nonlinearity
        return self.out(h)  # coach-line: missing-nonlinearity


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = SoundEncoder()
        self.head = TaggingHead(32, 64, 4)

    def forward(self, mel):
        return self.head(self.encoder(mel))


torch.manual_seed(4)
tags = (torch.rand(240, 4) < 0.5).float()
mel = torch.randn(240, 20, 24)
for k in range(4):
    mel[:, 5 * k:5 * k + 5, 6:14] += 1.2 * tags[:, k].view(-1, 1, 1)
mel = (mel - mel.mean()) / mel.std()
loader = DataLoader(TensorDataset(mel, tags), batch_size=24, shuffle=True)
tagger = Tagger()
opt = torch.optim.Adam(tagger.parameters(), lr=1e-3)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(6):
    tagger.train()
    total = 0.0
    for m, t in loader:
        opt.zero_grad()
        loss = criterion(tagger(m), t)
        loss.backward()
        opt.step()
        total += loss.item()
    print(f"epoch {epoch} bce {total / len(loader):.4f}")
