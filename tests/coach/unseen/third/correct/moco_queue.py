"""Momentum contrast: key encoder is a slow copy, negatives come from a queue that is overwritten in place."""
import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(88)
DIM, QUEUE, TAU, M = 12, 256, 0.2, 0.97
world = torch.randn(4000, 12)


def two_crops(n):
    x = world[torch.randint(0, len(world), (n,))]
    crop = lambda: x * (torch.rand_like(x) > 0.15) + 0.15 * torch.randn_like(x)
    return crop(), crop()


class MoCo(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder_q = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, DIM))
        self.encoder_k = copy.deepcopy(self.encoder_q)
        for p in self.encoder_k.parameters():
            p.requires_grad = False
        self.register_buffer("queue", F.normalize(torch.randn(QUEUE, DIM), dim=1))
        self.ptr = 0

    @torch.no_grad()
    def _momentum_update(self):
        for q, k in zip(self.encoder_q.parameters(), self.encoder_k.parameters()):
            k.data = k.data * M + q.data * (1.0 - M)

    @torch.no_grad()
    def _enqueue(self, keys):
        n = keys.shape[0]
        self.queue[self.ptr:self.ptr + n] = keys
        self.ptr = (self.ptr + n) % QUEUE

    def forward(self, im_q, im_k):
        q = F.normalize(self.encoder_q(im_q), dim=1)
        with torch.no_grad():
            self._momentum_update()
            k = F.normalize(self.encoder_k(im_k), dim=1)
        l_pos = torch.einsum("nc,nc->n", [q, k]).unsqueeze(-1)
        l_neg = torch.einsum("nc,kc->nk", [q, self.queue.clone().detach()])
        logits = torch.cat([l_pos, l_neg], dim=1) / TAU
        self._enqueue(k)
        return logits, torch.zeros(len(logits), dtype=torch.long)


moco = MoCo()
criterion = nn.CrossEntropyLoss()
opt = torch.optim.SGD(moco.encoder_q.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-4)
for it in range(160):
    logits, target = moco(*two_crops(64))
    loss = criterion(logits, target)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 40 == 39:
        top1 = (logits.argmax(1) == target).float().mean().item()
        print(f"iter {it + 1}: loss {loss.item():.3f} top-1 {top1:.2f}")
