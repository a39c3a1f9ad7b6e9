import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(101)
VOCAB, CTX, DIM = 40, 8, 64


class DecoderLM(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(VOCAB, DIM)  # coach: suspicious-initial-loss
        self.wpe = nn.Embedding(CTX, DIM)
        self.ln_a, self.ln_b, self.ln_f = nn.LayerNorm(DIM), nn.LayerNorm(DIM), nn.LayerNorm(DIM)
        self.attn = nn.MultiheadAttention(DIM, 4, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(DIM, 2 * DIM), nn.GELU(), nn.Linear(2 * DIM, DIM))
        self.lm_head = nn.Linear(DIM, VOCAB, bias=False)
        self.lm_head.weight = self.wte.weight  # coach-line: suspicious-initial-loss

    def forward(self, idx):
        T = idx.size(1)
        x = self.wte(idx) + self.wpe(torch.arange(T))
        causal = torch.triu(torch.ones(T, T), diagonal=1).bool()
        h = self.ln_a(x)
        x = x + self.attn(h, h, h, attn_mask=causal, need_weights=False)[0]
        x = x + self.mlp(self.ln_b(x))
        return self.lm_head(self.ln_f(x))


table = torch.randperm(VOCAB)


def get_batch(n=24):
    cols = [torch.randint(0, VOCAB, (n,))]
    for _ in range(CTX):
        cols.append(table[cols[-1]])
    seq = torch.stack(cols, 1)
    return seq[:, :-1], seq[:, 1:]


lm = DecoderLM()
opt = torch.optim.AdamW(lm.parameters(), lr=1e-3)
for step in range(40):
    inp, tgt = get_batch()
    loss = F.cross_entropy(lm(inp).flatten(0, 1), tgt.flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0:
        print(step, loss.item())
# coach-also: bad-init
