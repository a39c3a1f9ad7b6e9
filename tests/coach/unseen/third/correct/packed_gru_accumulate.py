import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.nn.utils.rnn import pack_padded_sequence, pad_sequence
from gradbook.utils.data import DataLoader

torch.manual_seed(47)

# parity of the symbol 1 among short strings, several micro-batches to one step
strings = []
for _ in range(384):
    s = torch.randint(0, 4, (int(torch.randint(2, 7, (1,))),))
    strings.append((s, int((s == 1).sum() % 2)))
train_strings, val_strings = strings[:320], strings[320:]


def collate(batch):
    seqs, labels = zip(*batch)
    lengths = torch.tensor([len(s) for s in seqs])
    return pad_sequence(seqs, batch_first=True, padding_value=0), lengths, torch.tensor(labels, dtype=torch.float32)


class Parity(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.emb = nn.Embedding(4, 8)
        self.gru = nn.GRU(8, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, ids, lengths):
        packed = pack_padded_sequence(self.emb(ids), lengths, batch_first=True, enforce_sorted=False)
        _, h = self.gru(packed)
        return self.fc(h.squeeze(0)).squeeze(1)


accumulate = 4
loader = DataLoader(train_strings, batch_size=16, shuffle=True, collate_fn=collate)
val_loader = DataLoader(val_strings, batch_size=64, collate_fn=collate)
model = Parity()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)

for epoch in range(10):
    model.train()
    optimizer.zero_grad()
    seen = 0.0
    for i, (ids, lengths, label) in enumerate(loader, start=1):
        loss = F.binary_cross_entropy_with_logits(model(ids, lengths), label)
        (loss / accumulate).backward()
        seen += loss.item()
        if i % accumulate == 0:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        ids, lengths, label = next(iter(val_loader))
        acc = ((model(ids, lengths) > 0) == (label > 0.5)).float().mean().item()
    print(f"epoch {epoch} loss {seen / len(loader):.4f} val acc {acc:.3f}")
