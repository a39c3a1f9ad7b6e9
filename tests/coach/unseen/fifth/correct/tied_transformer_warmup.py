import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(10)
V, T, D = 20, 10, 32


class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok, self.pos = nn.Embedding(V, D), nn.Parameter(0.02 * torch.randn(T, D))
        layer = lambda: nn.TransformerEncoderLayer(D, 4, 64, dropout=0.1, batch_first=True, norm_first=True)
        self.blocks = nn.ModuleList([layer(), layer()])
        self.norm = nn.LayerNorm(D)
        nn.init.normal_(self.tok.weight, std=0.02)

    def forward(self, ids):
        n = ids.shape[1]
        mask = torch.full((n, n), float("-inf")).triu(1)
        h = self.tok(ids) + self.pos[:n]
        for blk in self.blocks:
            h = blk(h, src_mask=mask)
        return F.linear(self.norm(h), self.tok.weight)


def batch(n):
    s, k = torch.randint(0, V, (n, 1)), torch.randint(1, 3, (n, 1))
    seq = (s + k * torch.arange(T + 1)) % V
    return seq[:, :-1], seq[:, 1:]


lm = LM()
opt = torch.optim.AdamW(lm.parameters(), lr=4e-3, weight_decay=0.01)
warm = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, (s + 1) / 10))
for step in range(60):
    x, y = batch(32)
    loss = F.cross_entropy(lm(x).reshape(-1, V), y.reshape(-1))
    opt.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(lm.parameters(), 1.0)
    opt.step()
    warm.step()
    if step % 20 == 19:
        lm.eval()
        with torch.no_grad():
            x, y = batch(64)
            val = F.cross_entropy(lm(x).reshape(-1, V), y.reshape(-1)).item()
        lm.train()
        print(step + 1, loss.item(), val)
