import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(13)


def spectrogram_bank(n, bins=16, frames=12):
    genre = torch.randint(0, 3, (n,))
    spec = torch.randn(n, bins, frames)
    for g in range(3):
        spec[genre == g, 5 * g:5 * g + 4] += 0.5
    flip = torch.rand(n) < 0.25
    genre = torch.where(flip, torch.randint(0, 3, (n,)), genre)
    return (spec - spec.mean()) / spec.std(), genre


class GenreNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Flatten(), nn.Linear(16 * 12, 96), nn.ReLU(), nn.Linear(96, 48), nn.ReLU())
        self.classifier = nn.Linear(48, 3)

    def forward(self, s):
        return self.classifier(self.features(s))


spec, genre = spectrogram_bank(240)
songs = TensorDataset(spec, genre)
fit_part, held_out = random_split(songs, [180, 60])
train_dl = DataLoader(songs, batch_size=20, shuffle=True)  # coach: leak-suspected; fix: fit_part
valid_dl = DataLoader(held_out, batch_size=60)
net = GenreNet()
optim = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-3)
ce = nn.CrossEntropyLoss()


def evaluate(model, dl):
    model.eval()
    loss, hits, count = 0.0, 0, 0
    with torch.no_grad():
        for s, g in dl:
            out = model(s)
            loss += ce(out, g).item() * len(g)
            hits += (out.argmax(1) == g).sum().item()
            count += len(g)
    return loss / count, hits / count


for epoch in range(10):
    net.train()
    epoch_loss = 0.0
    for s, g in train_dl:
        optim.zero_grad()
        loss = ce(net(s), g)
        loss.backward()
        optim.step()
        epoch_loss += loss.item() * len(g) / len(songs)
    vl, va = evaluate(net, valid_dl)
    print(f"epoch {epoch}: train {epoch_loss:.3f} val {vl:.3f} acc {va:.2f}")
