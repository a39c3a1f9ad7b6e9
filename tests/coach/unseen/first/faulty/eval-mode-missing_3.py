import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# transformer encoder: is the first token a large one?
torch.manual_seed(55)
def sample(n):
    s = torch.randint(0, 12, (n, 8))
    return s, (s[:, 0] > 5).float()

class Tiny(nn.Module):
    def __init__(self, d=16):
        super().__init__()
        self.tok = nn.Embedding(12, d)
        self.pos = nn.Parameter(torch.randn(8, d) * 0.02)
        layer = nn.TransformerEncoderLayer(d, 2, 32, dropout=0.1, batch_first=True)
        self.enc = nn.TransformerEncoder(layer, 1)
        self.cls = nn.Linear(d, 1)
    def forward(self, s):
        return self.cls(self.enc(self.tok(s) + self.pos)[:, 0]).squeeze(-1)

tr_s, tr_y = sample(256)
va_s, va_y = sample(64)
m = Tiny()
opt = torch.optim.AdamW(m.parameters(), lr=2e-3)
for epoch in range(3):
    for b in torch.randperm(256).split(64):
        loss = F.binary_cross_entropy_with_logits(m(tr_s[b]), tr_y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        logits = m(va_s)  # coach: eval-mode-missing; fix: m.eval()
        val_loss = F.binary_cross_entropy_with_logits(logits, va_y)
        val_acc = ((logits > 0).float() == va_y).float().mean()
    print(epoch, loss.item(), val_loss.item(), val_acc.item())
