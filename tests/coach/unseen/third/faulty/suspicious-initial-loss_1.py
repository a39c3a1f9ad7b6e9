import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(2)

text = "the cat sat on the mat and the dog sat on the log while the rat ran to the hat " * 12
alphabet = sorted(set(text))
lookup = {c: i for i, c in enumerate(alphabet)}
ids = torch.tensor([lookup[c] for c in text])
CONTEXT = 5


class CharModel(nn.Module):
    def __init__(self, vocab, emb=12, hidden=96):
        super().__init__()
        self.emb = nn.Embedding(vocab, emb)
        self.norm = nn.LayerNorm(hidden)
        self.up = nn.Linear(CONTEXT * emb, hidden)
        self.head = nn.Linear(hidden, vocab)
        nn.init.normal_(self.head.weight)  # coach: suspicious-initial-loss; fix: std=
        nn.init.zeros_(self.head.bias)

    def forward(self, idx):
        h = self.emb(idx).flatten(1)
        return self.head(F.gelu(self.norm(self.up(h))))


def batch(size=48):
    start = torch.randint(0, len(ids) - CONTEXT, (size,))
    x = ids[start.unsqueeze(1) + torch.arange(CONTEXT)]
    y = ids[start + CONTEXT]
    return x, y


lm = CharModel(len(alphabet))
optimizer = torch.optim.AdamW(lm.parameters(), lr=2e-3)

for step in range(80):
    x, y = batch()
    loss = F.cross_entropy(lm(x), y)  # coach-also: bad-init
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        print(f"step {step:3d} loss {loss.item():.3f}")
