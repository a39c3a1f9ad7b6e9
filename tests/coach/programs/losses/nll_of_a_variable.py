"""The last line of forward returns a variable; a language model."""

import gradbook as torch
import gradbook.nn as nn


class LM(nn.Module):
    def __init__(self, vocab, dim=12):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim)
        self.rnn = nn.GRU(dim, 16, batch_first=True)
        self.decoder = nn.Linear(16, vocab)

    def forward(self, ids):
        h, _ = self.rnn(self.emb(ids))
        scores = self.decoder(h).reshape(-1, self.decoder.out_features)
        return scores  # coach: log-softmax-missing-for-nll; fix: log_softmax(scores, dim=1)


lm = LM(11)
loss_fn = nn.NLLLoss()
optim = torch.optim.Adam(lm.parameters())
for _ in range(4):
    seq = torch.randint(0, 11, (4, 9))
    loss = loss_fn(lm(seq[:, :-1]), seq[:, 1:].reshape(-1))
    optim.zero_grad()
    loss.backward()
    optim.step()
