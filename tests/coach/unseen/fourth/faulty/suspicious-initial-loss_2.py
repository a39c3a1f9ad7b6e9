import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(16)
VOCAB, D, L = 40, 64, 10


class TiedLM(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, D)  # coach: suspicious-initial-loss
        self.pos = nn.Parameter(torch.zeros(L, D))
        self.block = nn.TransformerEncoderLayer(D, 4, 128, dropout=0.0, batch_first=True, norm_first=True)
        self.norm = nn.LayerNorm(D)
        self.register_buffer("mask", torch.triu(torch.full((L, L), float("-inf")), diagonal=1))

    def forward(self, idx):
        h = self.tok(idx) + self.pos
        h = self.norm(self.block(h, src_mask=self.mask))
        return h @ self.tok.weight.T  # coach-line: suspicious-initial-loss


def markov_batch(n):
    seq = [torch.randint(0, VOCAB, (n,))]
    for _ in range(L):
        jump = torch.where(torch.rand(n) < 0.9, torch.tensor(7), torch.tensor(3))
        seq.append((seq[-1] + jump) % VOCAB)
    seq = torch.stack(seq, dim=1)
    return seq[:, :-1], seq[:, 1:]


lm = TiedLM()
opt = torch.optim.AdamW(lm.parameters(), lr=1e-3)
for step in range(60):
    x, y = markov_batch(32)
    loss = F.cross_entropy(lm(x).reshape(-1, VOCAB), y.reshape(-1))
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(lm.parameters(), 1.0)
    opt.step()
    if step % 10 == 0:
        print(step, round(loss.item(), 3))
# coach-also: bad-init
