"""A tagger in the style of the tutorial: one sentence, an axis for a batch of one, every step has a label."""

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class LSTMTagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(12, 6)
        self.lstm = nn.LSTM(6, 6)
        self.tag = nn.Linear(6, 3)

    def forward(self, sentence):
        embeds = self.emb(sentence)
        out, _ = self.lstm(embeds.view(len(sentence), 1, -1))
        return F.log_softmax(self.tag(out.view(len(sentence), -1)), dim=1)


model = LSTMTagger()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
sentences = [(torch.randint(0, 12, (n,)), torch.randint(0, 3, (n,))) for n in (5, 7, 4, 9)]
for epoch in range(3):
    for words, tags in sentences:
        model.zero_grad()
        loss = F.nll_loss(model(words), tags)
        loss.backward()
        opt.step()

plain = nn.LSTM(3, 4)
series, head = torch.randn(25, 3), nn.Linear(4, 3)
opt = torch.optim.Adam([*plain.parameters(), *head.parameters()])
for _ in range(3):
    states, _ = plain(series[:-1])
    loss = F.mse_loss(head(states), series[1:])
    opt.zero_grad()
    loss.backward()
    opt.step()
