import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(12)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.word = nn.Embedding(30, 16)
        self.rnn = nn.LSTM(16, 32, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(0.1)
        self.tag = nn.Linear(32, 5)  # coach: shape-mismatch; fix: nn.Linear(64, 5)

    def forward(self, words):
        states, _ = self.rnn(self.word(words))
        return self.tag(self.drop(states))


words = torch.randint(0, 30, (160, 9))
tags = (words + words.roll(1, dims=1)) % 5
loader = DataLoader(TensorDataset(words, tags), batch_size=16, shuffle=True)

tagger = Tagger()
opt = torch.optim.Adam(tagger.parameters(), lr=3e-3)
for epoch in range(3):
    for w, t in loader:
        opt.zero_grad()
        scores = tagger(w)
        loss = F.cross_entropy(scores.transpose(1, 2), t)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
