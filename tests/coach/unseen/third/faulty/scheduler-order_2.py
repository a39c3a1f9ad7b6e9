import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.optim.lr_scheduler import LambdaLR

torch.manual_seed(55)
VOCAB, LEN, DIM = 40, 10, 32


class MaxFinder(nn.Module):
    """Which symbol of the sequence is the largest?"""

    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(VOCAB, DIM)
        self.q = nn.Parameter(torch.randn(DIM) * 0.1)
        self.key = nn.Linear(DIM, DIM, bias=False)
        self.val = nn.Linear(DIM, DIM, bias=False)
        self.out = nn.Sequential(nn.LayerNorm(DIM), nn.Linear(DIM, 64), nn.GELU(), nn.Linear(64, VOCAB))

    def forward(self, ids):
        e = self.tok(ids)
        w = torch.softmax(self.key(e) @ self.q / math.sqrt(DIM), dim=1)
        return self.out((w.unsqueeze(-1) * self.val(e)).sum(1))


def warmup_cosine(warmup, total):
    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        done = (step - warmup) / (total - warmup)
        return 0.5 * (1 + math.cos(math.pi * done))
    return factor


total_steps = 120
net = MaxFinder()
decay = [p for p in net.parameters() if p.dim() > 1]
no_decay = [p for p in net.parameters() if p.dim() <= 1]
optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01}, {"params": no_decay, "weight_decay": 0.0}], lr=4e-3)
scheduler = LambdaLR(optimizer, warmup_cosine(12, total_steps))

for step in range(total_steps):
    ids = torch.randint(0, VOCAB, (64, LEN))
    loss = F.cross_entropy(net(ids), ids.max(dim=1).values)
    optimizer.zero_grad()
    loss.backward()
    scheduler.step()  # coach: scheduler-order; fix: scheduler.step()
    optimizer.step()  # coach-line: scheduler-order
    if step % 30 == 29:
        print(f"step {step + 1}  lr {scheduler.get_last_lr()[0]:.5f}  loss {loss.item():.3f}")
