import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(112)
VOCAB, D, T = 24, 32, 12


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, D)
        self.pos = nn.Embedding(T, D)
        layer = nn.TransformerEncoderLayer(D, 4, 64, dropout=0.05, activation="gelu", batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(D)
        self.head = nn.Linear(D, VOCAB, bias=False)
        for emb in (self.tok, self.pos):
            nn.init.normal_(emb.weight, std=0.02)
        self.head.weight = self.tok.weight
        self.register_buffer("causal", torch.triu(torch.ones(T, T, dtype=torch.bool), diagonal=1))

    def forward(self, idx):
        t = idx.size(1)
        h = self.tok(idx) + self.pos(torch.arange(t))
        return self.head(self.norm(self.body(h, mask=self.causal[:t, :t])))


def counting(n):
    start = torch.randint(0, VOCAB, (n, 1))
    stride = torch.randint(1, 4, (n, 1))
    seq = (start + stride * torch.arange(T + 1)) % VOCAB
    return seq[:, :-1], seq[:, 1:]


model = GPT()
decay = [p for p in model.parameters() if p.dim() >= 2]
plain = [p for p in model.parameters() if p.dim() < 2]
opt = torch.optim.AdamW([{"params": decay, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}], lr=4e-3)
warm = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, (s + 1) / 10))
model.train()
ACCUM = 2
for step in range(50):
    opt.zero_grad()
    shown = 0.0
    for _ in range(ACCUM):
        x, y = counting(16)
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten()) / ACCUM
        loss.backward()
        shown += loss.item()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    warm.step()
    if step % 10 == 0:
        print(step, round(shown, 4))
model.eval()
with torch.no_grad():
    x, y = counting(32)
    print("next-token accuracy", (model(x).argmax(-1) == y).float().mean().item())
