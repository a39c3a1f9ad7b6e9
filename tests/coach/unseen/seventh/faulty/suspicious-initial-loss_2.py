import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(47)
V, D, BPTT = 50, 96, 16
succ = torch.stack([torch.randperm(V) for _ in range(2)])
stream = [0]
for _ in range(6000):
    stream.append(int(succ[int(torch.rand(1) < 0.2), stream[-1]]))
stream = torch.tensor(stream)


def get_batch(bs=24):
    i = torch.randint(0, len(stream) - BPTT - 1, (bs, 1)) + torch.arange(BPTT)
    return stream[i], stream[i + 1]


class TiedLM(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(V, D)  # coach: suspicious-initial-loss
        self.rnn = nn.GRU(D, D, batch_first=True)
        self.ln = nn.LayerNorm(D)
        self.bias = nn.Parameter(torch.zeros(V))

    def forward(self, s):
        h = self.ln(self.rnn(self.emb(s))[0])
        return h @ self.emb.weight.t() + self.bias  # coach-line: suspicious-initial-loss


lm = TiedLM()
opt = torch.optim.Adam(lm.parameters(), lr=3e-3)
for step in range(80):
    s, nxt = get_batch()
    loss = F.cross_entropy(lm(s).flatten(0, 1), nxt.flatten())
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(lm.parameters(), 1.0)
    opt.step()
    if step % 20 == 0:
        print(step, f"ppl-loss {loss.item():.3f}")
