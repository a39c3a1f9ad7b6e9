"""Part-of-speech style tagger: every token gets one of five tags."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
VOCAB, TAGS, LENGTH = 120, 5, 14

tokens = torch.randint(0, VOCAB, (320, LENGTH))
previous = torch.roll(tokens, 1, dims=1)
previous[:, 0] = 0
tags = (tokens % TAGS + previous % 2) % TAGS


class BiTagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, 32)
        self.lstm = nn.LSTM(32, 48, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(0.1)
        self.tag = nn.Linear(48, TAGS)  # coach: shape-mismatch; fix: nn.Linear(96,

    def forward(self, ids):
        states, _ = self.lstm(self.embed(ids))
        return self.tag(self.drop(states))


train_dl = DataLoader(TensorDataset(tokens[:256], tags[:256]), batch_size=32, shuffle=True)
held_out = tokens[256:], tags[256:]
tagger = BiTagger()
optimizer = torch.optim.Adam(tagger.parameters(), lr=5e-3)

for epoch in range(4):
    tagger.train()
    for ids, gold in train_dl:
        optimizer.zero_grad()
        scores = tagger(ids)
        loss = F.cross_entropy(scores.reshape(-1, TAGS), gold.reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(tagger.parameters(), 5.0)
        optimizer.step()
    tagger.eval()
    with torch.no_grad():
        hits = (tagger(held_out[0]).argmax(-1) == held_out[1]).float().mean()
    print(f"epoch {epoch}  token accuracy {hits.item():.3f}")
