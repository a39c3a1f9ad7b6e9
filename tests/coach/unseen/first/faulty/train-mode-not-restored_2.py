import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(77)
# step-based training with eval every N steps (nanoGPT style)
vocab, ctx = 10, 6
stream = (torch.arange(600) * 3 % 7 + torch.arange(600) % 3) % vocab

class MiniGPT(nn.Module):
    def __init__(self, d=20):
        super().__init__()
        self.wte = nn.Embedding(vocab, d)
        self.wpe = nn.Embedding(ctx, d)
        self.drop = nn.Dropout(0.1)
        self.ff = nn.Sequential(nn.Linear(ctx * d, 64), nn.GELU(), nn.Linear(64, vocab))
    def forward(self, idx):
        h = self.drop(self.wte(idx) + self.wpe(torch.arange(ctx)))
        return self.ff(h.flatten(1))

def get_batch(lo, hi, n=32):
    i = torch.randint(lo, hi - ctx, (n, 1))
    win = i + torch.arange(ctx + 1)
    seq = stream[win]
    return seq[:, :ctx], seq[:, ctx]

@torch.no_grad()
def estimate_loss(model):
    model.eval()
    out = {}
    for split, (lo, hi) in {"train": (0, 500), "val": (500, 600)}.items():
        xs, ys = get_batch(lo, hi)
        out[split] = F.cross_entropy(model(xs), ys).item()
    return out  # coach: train-mode-not-restored; fix: model.train()

gpt = MiniGPT()
opt = torch.optim.AdamW(gpt.parameters(), lr=3e-3)
for it in range(40):
    if it % 10 == 0:
        print(it, estimate_loss(gpt))
    xb, yb = get_batch(0, 500)
    loss = F.cross_entropy(gpt(xb), yb)
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
