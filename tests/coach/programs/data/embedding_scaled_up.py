import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class LM(nn.Module):
    def __init__(self, vocab=40, dim=64):
        super().__init__()
        self.dim = dim
        self.tok = nn.Embedding(vocab, dim)
        nn.init.normal_(self.tok.weight, std=0.1)
        self.ff = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim))

    def forward(self, ids):
        h = self.tok(ids)
        h = h + self.ff(h)
        logits = torch.matmul(h, self.tok.weight.T)
        logits = logits * self.dim  # coach: suspicious-initial-loss
        return logits


torch.manual_seed(0)
lm = LM()
opt = torch.optim.AdamW(lm.parameters(), lr=1e-3)
ids = torch.randint(0, 40, (20, 9))
for _ in range(6):
    logits = lm(ids[:, :-1])
    loss = F.cross_entropy(logits.reshape(-1, 40), ids[:, 1:].reshape(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
