"""Two linear layers after an LSTM, in one Sequential head."""

import gradbook as torch
import gradbook.nn as nn


class Sentiment(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(30, 8)
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.head = nn.Sequential(nn.Linear(16, 32), nn.Dropout(0.1), nn.Linear(32, 2))  # coach: missing-nonlinearity; fix: nn.ReLU(), nn.Linear(32, 2)

    def forward(self, ids):
        _, (h, _) = self.lstm(self.emb(ids))
        return self.head(h[-1])


model = Sentiment()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for _ in range(4):
    loss = nn.functional.cross_entropy(model(torch.randint(0, 30, (6, 5))), torch.randint(0, 2, (6,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
