"""nanoGPT-like single block with tied input/output embeddings."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(12)
V, T, D = 32, 10, 64


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.qkv, self.proj = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.mlp = nn.Sequential(nn.Linear(D, 2 * D), nn.GELU(), nn.Linear(2 * D, D))

    def forward(self, x):
        q, k, v = self.qkv(self.ln1(x)).chunk(3, -1)
        x = x + self.proj(F.scaled_dot_product_attention(q, k, v, is_causal=True))
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(V, D)  # coach: suspicious-initial-loss
        self.wpe = nn.Parameter(torch.zeros(T, D))
        self.block = Block()
        self.ln_f = nn.LayerNorm(D)
        self.lm_head = nn.Linear(D, V, bias=False)
        self.lm_head.weight = self.wte.weight  # coach-line: suspicious-initial-loss

    def forward(self, idx):
        x = self.wte(idx) + self.wpe[:idx.shape[1]]
        return self.lm_head(self.ln_f(self.block(x)))  # coach-line: suspicious-initial-loss


table = torch.randperm(V)


def get_batch(n=32):
    seq = [torch.randint(0, V, (n,))]
    for _ in range(T):
        seq.append(table[seq[-1]])
    s = torch.stack(seq, 1)
    return s[:, :-1], s[:, 1:]


gpt = GPT()
opt = torch.optim.AdamW(gpt.parameters(), lr=3e-3)
for it in range(60):
    x, y = get_batch()
    loss = F.cross_entropy(gpt(x).flatten(0, 1), y.flatten())
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    if it % 10 == 0:
        print(it, round(loss.item(), 3))
# coach-also: bad-init
