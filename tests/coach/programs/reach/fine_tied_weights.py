import gradbook as torch
import gradbook.nn as nn


class TinyLM(nn.Module):
    def __init__(self, vocab=11, dim=6):
        super().__init__()
        self.tok = nn.Embedding(vocab, dim)
        self.rnn = nn.RNN(dim, dim, batch_first=True)
        self.out = nn.Linear(dim, vocab, bias=False)
        self.out.weight = self.tok.weight

    def forward(self, idx):
        h, _ = self.rnn(self.tok(idx))
        return self.out(h)


lm = TinyLM()
optimizer = torch.optim.AdamW(lm.parameters(), lr=1e-2)
text = torch.randint(0, 11, (6, 9))
for step in range(6):
    loss = nn.functional.cross_entropy(lm(text[:, :-1]).flatten(0, 1), text[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
