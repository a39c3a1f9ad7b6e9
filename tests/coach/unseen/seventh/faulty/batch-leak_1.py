"""Which part of a song is the chorus-like one? genre from 12 time frames, attention pooling."""
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(21)

n_songs, frames, feats, genres = 600, 12, 6, 3
genre = torch.randint(0, genres, (n_songs,))
songs = torch.randn(n_songs, frames, feats)
where = torch.randint(0, frames, (n_songs,))
patterns = torch.randn(genres, feats) * 3
songs[torch.arange(n_songs), where] += patterns[genre]

train_x, test_x = songs[:480], songs[480:]
mu, sd = train_x.mean(dim=(0, 1)), train_x.std(dim=(0, 1))
train_x, test_x = (train_x - mu) / sd, (test_x - mu) / sd
train = DataLoader(TensorDataset(train_x, genre[:480]), batch_size=32, shuffle=True)


class GenreNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.frame = nn.Linear(feats, 32)
        self.score = nn.Linear(32, 1)
        self.cls = nn.Linear(32, genres)

    def forward(self, x):
        z = torch.tanh(self.frame(x))
        a = self.score(z).squeeze(-1)      # (songs, frames)
        w = F.softmax(a, dim=0)  # coach: batch-leak; fix: dim=1
        pooled = (w.unsqueeze(-1) * z).sum(dim=1)
        return self.cls(pooled)


model = GenreNet()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)

for epoch in range(10):
    model.train()
    running = 0.0
    for x, y in train:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item()
    model.eval()
    with torch.no_grad():
        acc = (model(test_x).argmax(1) == genre[480:]).float().mean().item()
    print(f"{epoch + 1:2d}  loss {running / len(train):.3f}  test acc {acc:.2f}")
