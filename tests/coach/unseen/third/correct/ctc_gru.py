# Reading digits off a stretched, noisy strip without alignment: conv front end, BiGRU, CTC.
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(27)
BLANK, SYMBOLS, HEIGHT = 0, 5, 8
glyphs = torch.randn(SYMBOLS + 1, HEIGHT)
glyphs[BLANK] = 0.0


class Strips(Dataset):
    def __init__(self, n):
        self.rows = [self.draw() for _ in range(n)]

    def draw(self):
        text, columns = torch.randint(1, SYMBOLS + 1, (int(torch.randint(2, 5, (1,))),)), []
        for symbol in text.tolist():
            columns += [symbol] * int(torch.randint(3, 5, (1,))) + [BLANK] * 2
        return glyphs[torch.tensor(columns)] + 0.2 * torch.randn(len(columns), HEIGHT), text

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        return self.rows[i]


def collate(rows):
    frames = nn.utils.rnn.pad_sequence([f for f, _ in rows], batch_first=True)
    n_frames = torch.tensor([len(f) for f, _ in rows])
    return frames, n_frames, torch.cat([t for _, t in rows]), torch.tensor([len(t) for _, t in rows])


class Reader(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.conv = nn.Conv1d(HEIGHT, width, 3, padding=1)
        self.gru = nn.GRU(width, width, bidirectional=True)
        self.out = nn.Linear(2 * width, SYMBOLS + 1)

    def forward(self, frames):
        x = F.relu(self.conv(frames.transpose(1, 2)))
        y, _ = self.gru(x.permute(2, 0, 1))
        return F.log_softmax(self.out(y), dim=-1)


def decode(log_probs, n):
    path = log_probs[:n].argmax(-1).tolist()
    return [s for s, before in zip(path, [BLANK] + path) if s != before and s != BLANK]


loader = DataLoader(Strips(128), batch_size=16, shuffle=True, collate_fn=collate)
reader = Reader()
ctc = nn.CTCLoss(blank=BLANK, zero_infinity=True)
optimizer = torch.optim.Adam(reader.parameters(), lr=8e-3)
for epoch in range(7):
    total = 0.0
    for frames, n_frames, text, n_text in loader:
        loss = ctc(reader(frames), text, n_frames, n_text)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(reader.parameters(), 5.0)
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch}: ctc {total / len(loader):.3f}")
frames, text = Strips(1)[0]
with torch.no_grad():
    print("read", decode(reader(frames.unsqueeze(0))[:, 0], len(frames)), "truth", text.tolist())
