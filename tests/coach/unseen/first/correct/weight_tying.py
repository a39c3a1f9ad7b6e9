import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F


class TiedLM(nn.Module):
    def __init__(self, vocab, dim):
        super().__init__()
        self.encoder = nn.Embedding(vocab, dim)
        self.rnn = nn.GRU(dim, dim, batch_first=True)
        self.drop = nn.Dropout(0.1)
        self.decoder = nn.Linear(dim, vocab)
        self.decoder.weight = self.encoder.weight
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)

    def forward(self, ids):
        out, _ = self.rnn(self.drop(self.encoder(ids)))
        return self.decoder(self.drop(out))


torch.manual_seed(3)
V = 14
table = torch.randperm(V)
model = TiedLM(V, 24)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
print("parameters", sum(p.numel() for p in model.parameters()))

model.train()
for step in range(40):
    cur = torch.randint(0, V, (16, 1))
    cols = [cur]
    for _ in range(8):
        cols.append(table[cols[-1]])
    seq = torch.cat(cols, dim=1)
    logits = model(seq[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), seq[:, 1:].flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0:
        print(step, loss.item())
