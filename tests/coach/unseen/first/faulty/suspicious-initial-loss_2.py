import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# tied embeddings LM with std=1 embeddings and logits multiplied, not divided, by sqrt(d)
torch.manual_seed(57)
V, D = 30, 32
class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(V, D)
        self.ff = nn.Linear(D, D)
    def forward(self, t):
        h = torch.tanh(self.ff(self.emb(t)))
        return h @ self.emb.weight.t() * D ** 0.5  # coach: suspicious-initial-loss; fix: / D ** 0.5
lm = LM()
opt = torch.optim.AdamW(lm.parameters(), lr=3e-3)
for i in range(30):
    t = torch.randint(0, V, (64,))
    nxt = (t * 7 + 3) % V
    loss = F.cross_entropy(lm(t), nxt)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 10 == 0: print(i, loss.item())
# coach-also: bad-init
