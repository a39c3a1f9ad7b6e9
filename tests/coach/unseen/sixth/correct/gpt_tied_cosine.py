# %%
import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(9)
V, T, D, HEADS = 16, 12, 32, 4

# %%
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.qkv, self.proj = nn.Linear(D, 3 * D, bias=False), nn.Linear(D, D)
        self.mlp = nn.Sequential(nn.Linear(D, 4 * D), nn.GELU(), nn.Linear(4 * D, D))
        self.register_buffer("causal", torch.ones(T, T).tril().bool())

    def attend(self, x):
        b, t, _ = x.shape
        q, k, v = (u.view(b, t, HEADS, -1).transpose(1, 2) for u in self.qkv(x).chunk(3, dim=-1))
        w = (q @ k.transpose(-2, -1)) / math.sqrt(D / HEADS)
        w = w.masked_fill(~self.causal[:t, :t], float("-inf")).softmax(-1)
        return self.proj((w @ v).transpose(1, 2).reshape(b, t, D))

    def forward(self, x):
        x = x + self.attend(self.ln1(x))
        return x + self.mlp(self.ln2(x))

class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(V, D), nn.Embedding(T, D)
        self.blocks = nn.Sequential(Block(), Block())
        self.ln_f, self.head = nn.LayerNorm(D), nn.Linear(D, V, bias=False)
        self.head.weight = self.wte.weight
        for m in self.modules():
            if isinstance(m, nn.Embedding):
                nn.init.normal_(m.weight, std=0.02)

    def forward(self, ids):
        h = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        return self.head(self.ln_f(self.blocks(h)))

# %%
perm = torch.randperm(V)
def get_batch(n=32):
    s = [torch.randint(0, V, (n,))]
    for _ in range(T):
        s.append(perm[s[-1]])
    return torch.stack(s[:-1], 1), torch.stack(s[1:], 1)

# %% [train]
torch.manual_seed(10)
gpt = GPT()
steps, warmup = 50, 8
opt = torch.optim.AdamW(gpt.parameters(), lr=4e-3, weight_decay=0.01)
lr_at = lambda i: (i + 1) / warmup if i < warmup else 0.5 * (1 + math.cos(math.pi * (i - warmup) / (steps - warmup)))
sched = torch.optim.lr_scheduler.LambdaLR(opt, lr_at)
for it in range(steps):
    xb, yb = get_batch()
    loss = F.cross_entropy(gpt(xb).reshape(-1, V), yb.reshape(-1))
    opt.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(gpt.parameters(), 1.0)
    opt.step()
    sched.step()
    if it % 10 == 9:
        print(it + 1, round(loss.item(), 4))

# %% [train] rerun
