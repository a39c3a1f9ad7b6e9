import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(127)
V, B, BPTT = 12, 16, 10
nxt = torch.randperm(V)
seq = [torch.randint(0, V, (B,))]
for _ in range(400):
    jump = torch.rand(B) < 0.15
    seq.append(torch.where(jump, torch.randint(0, V, (B,)), nxt[seq[-1]]))
stream = torch.stack(seq)


class CharLM(nn.Module):
    def __init__(self, e=16, h=48):
        super().__init__()
        self.emb = nn.Embedding(V, e)
        self.lstm = nn.LSTM(e, h)
        self.out = nn.Linear(h, V)

    def forward(self, s, state):
        y, state = self.lstm(self.emb(s), state)
        return self.out(y), state


lm = CharLM()
opt = torch.optim.Adam(lm.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, gamma=0.8)
for epoch in range(4):
    state, total, n = None, 0.0, 0
    for i in range(0, len(stream) - 1, BPTT):
        x, y = stream[i:i + BPTT], stream[i + 1:i + 1 + BPTT]
        x = x[:len(y)]
        if state is not None:
            state = tuple(s.detach() for s in state)
        logits, state = lm(x, state)
        loss = F.cross_entropy(logits.reshape(-1, V), y.reshape(-1))
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(lm.parameters(), 1.0)
        opt.step()
        total += loss.item()
        n += 1
    sched.step()
    print(f"epoch {epoch} nll {total / n:.3f}")
