# Attention pooling over review tokens
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(70)
VOCAB, SEQ = 120, 15
stars = torch.randint(0, 3, (900,))
tok = torch.randint(0, VOCAB, (900, SEQ))
hint = stars.unsqueeze(1) * 40 + torch.randint(0, 40, (900, SEQ))
tok = torch.where(torch.rand(900, SEQ) < 0.35, hint, tok)


class AttnPool(nn.Module):
    def __init__(self, d=24):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, d)
        self.key = nn.Linear(d, 1)
        self.cls = nn.Linear(d, 3)

    def forward(self, t):
        e = self.emb(t)                                  # [batch, seq, d]
        alpha = torch.softmax(self.key(e), dim=0)  # coach: batch-leak; fix: dim=1
        doc = (alpha * e).sum(dim=1)
        return self.cls(doc)


net = AttnPool()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(6):
    tot = n = 0
    for t, s in DataLoader(TensorDataset(tok, stars), batch_size=30, shuffle=True):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(t), s)
        loss.backward()
        opt.step()
        tot += loss.item() * len(s)
        n += len(s)
    print(f"epoch {epoch} loss {tot / n:.3f}")
