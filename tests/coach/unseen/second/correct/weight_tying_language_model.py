"""A small character language model whose output layer shares the embedding matrix."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
text = "the quick brown fox jumps over the lazy dog and then the dog sleeps under the tree " * 6
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text])


class TiedLM(nn.Module):
    def __init__(self, vocab, dim):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        nn.init.normal_(self.embed.weight, std=0.1)
        self.rnn = nn.GRU(dim, dim, batch_first=True)
        self.out = nn.Linear(dim, vocab, bias=False)
        self.out.weight = self.embed.weight

    def forward(self, idx):
        h, _ = self.rnn(self.embed(idx))
        return self.out(h)


model = TiedLM(len(chars), 48)
print("parameters", sum(p.numel() for p in model.parameters()))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
loss_fn = nn.CrossEntropyLoss()
T = 16
for step in range(10):
    starts = torch.randint(0, len(data) - T - 1, (24,))
    xb = torch.stack([data[s:s + T] for s in starts.tolist()])
    yb = torch.stack([data[s + 1:s + T + 1] for s in starts.tolist()])
    logits = model(xb)
    loss = loss_fn(logits.reshape(-1, len(chars)), yb.reshape(-1))
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    print(step, round(loss.item(), 3))
