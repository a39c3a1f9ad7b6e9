"""The final states of both directions are to stand side by side."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

tokens = torch.randint(0, 50, (20, 9))
sentiment = torch.randint(0, 2, (20,))


class BiLSTM(nn.Module):
    def __init__(self, vocab=50, dim=12, hidden=8):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim)
        self.lstm = nn.LSTM(dim, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 2)

    def forward(self, ids):
        _, (h, _) = self.lstm(self.emb(ids))
        h = h.view(ids.size(0), -1)  # coach: batch-axis-mixed; fix: h.transpose(0, 1).reshape(ids.size(0), -1)
        return self.fc(h)


model = BiLSTM()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(5):
    opt.zero_grad()
    loss = F.cross_entropy(model(tokens), sentiment)
    loss.backward()
    opt.step()
    print(step, loss.item())
