import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(27)
proto = torch.randn(10, 20)
labels = torch.randint(0, 10, (640,))
images = proto[labels] + 0.5 * torch.randn(640, 20)


class MemoryBank:
    def __init__(self, dim):
        self.keys = F.normalize(torch.randn(64, dim), dim=1)

    def push(self, k):
        self.keys = torch.cat([k, self.keys])  # coach: memory-growth


encoder = nn.Sequential(nn.Linear(20, 48), nn.ReLU(), nn.Linear(48, 16))
bank = MemoryBank(16)
opt = torch.optim.Adam(encoder.parameters(), lr=1e-3)

for epoch in range(6):
    for idx in torch.randperm(640).split(64):
        clean = images[idx]
        q = F.normalize(encoder(clean + 0.2 * torch.randn(64, 20)), dim=1)
        with torch.no_grad():
            k = F.normalize(encoder(clean + 0.2 * torch.randn(64, 20)), dim=1)
        pos = (q * k).sum(1, keepdim=True)
        neg = q @ bank.keys.t()
        logits = torch.cat([pos, neg], dim=1) / 0.2
        loss = F.cross_entropy(logits, torch.zeros(64, dtype=torch.long))
        opt.zero_grad()
        loss.backward()
        opt.step()
        bank.push(k)  # coach-line: memory-growth
    print(epoch, round(loss.item(), 3), tuple(bank.keys.shape))
