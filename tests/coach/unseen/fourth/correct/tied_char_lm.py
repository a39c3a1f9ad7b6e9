# Tiny language model whose output layer shares the embedding matrix
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset

torch.manual_seed(99)
text = "the cat sat on the mat and the dog sat on the log while the rat ran to the cat . " * 25
chars = sorted(set(text))
ids = torch.tensor([chars.index(c) for c in text])


class Windows(Dataset):
    def __init__(self, data, ctx):
        self.data, self.ctx = data, ctx

    def __len__(self):
        return (len(self.data) - 1) // self.ctx

    def __getitem__(self, k):
        s = k * self.ctx
        return self.data[s:s + self.ctx], self.data[s + 1:s + self.ctx + 1]


class CharLM(nn.Module):
    def __init__(self, n, d=32):
        super().__init__()
        self.emb = nn.Embedding(n, d)
        nn.init.normal_(self.emb.weight, std=0.2)
        self.rnn = nn.GRU(d, d, batch_first=True)
        self.decode = nn.Linear(d, n)
        self.decode.weight = self.emb.weight

    def forward(self, x):
        y, _ = self.rnn(self.emb(x))
        return self.decode(y)


lm = CharLM(len(chars))
opt = torch.optim.AdamW(lm.parameters(), lr=1e-2)
loader = DataLoader(Windows(ids, 16), batch_size=16, shuffle=True, drop_last=True)
for epoch in range(6):
    total = 0.0
    for x, y in loader:
        logits = lm(x)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print(f"epoch {epoch} nats/char {total / len(loader):.3f}")
