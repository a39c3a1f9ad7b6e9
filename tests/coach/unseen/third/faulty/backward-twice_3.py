import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(3)
vocab_size, n_streams, bptt = 24, 8, 15


def markov_text(length):
    # each symbol is followed by one of two favourites
    favourite = torch.randint(0, vocab_size, (vocab_size, 2))
    out, cur = [], 0
    for pick in torch.randint(0, 2, (length,)).tolist():
        out.append(cur)
        cur = favourite[cur, pick].item()
    return torch.tensor(out)


corpus = markov_text(n_streams * 241)
streams = corpus.view(n_streams, -1)


class GRULanguageModel(nn.Module):
    def __init__(self, width=40):
        super().__init__()
        self.encoder = nn.Embedding(vocab_size, width)
        self.gru = nn.GRU(width, width, batch_first=True)
        self.decoder = nn.Linear(width, vocab_size)

    def forward(self, tokens, state):
        output, state = self.gru(self.encoder(tokens), state)
        return self.decoder(output), state

    def init_state(self, batch):
        return torch.zeros(1, batch, self.gru.hidden_size)


lm = GRULanguageModel()
optimizer = torch.optim.Adam(lm.parameters(), lr=3e-3)

for epoch in range(3):
    state = lm.init_state(n_streams)
    total = 0.0
    positions = range(0, streams.size(1) - bptt, bptt)
    for i in positions:
        source, target = streams[:, i:i + bptt], streams[:, i + 1:i + 1 + bptt]
        logits, state = lm(source, state)  # coach: backward-twice; fix: .detach()
        loss = F.cross_entropy(logits.flatten(0, 1), target.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(lm.parameters(), 1.0)
        optimizer.step()
        total += loss.item()
    print("epoch", epoch, "nll", total / len(positions))
