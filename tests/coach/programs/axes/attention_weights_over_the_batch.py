"""Attention pooling over the words of a sentence; the softmax goes over the sentences."""

import gradbook as torch  # coach-also: batch-leak
import gradbook.nn.functional as F
from gradbook import nn


class Pooled(nn.Module):
    def __init__(self, dim=6):
        super().__init__()
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim)
        self.fc = nn.Linear(dim, 2)

    def forward(self, words):
        scores = torch.bmm(self.query(words), self.key(words).transpose(1, 2))
        weights = F.softmax(scores, dim=0)  # coach: batch-axis-mixed; fix: F.softmax(scores, dim=-1)
        context = torch.bmm(weights, words)
        return self.fc(context.sum(dim=1))


words, y = torch.randn(30, 5, 6), torch.randint(0, 2, (30,))
net = Pooled()
opt = torch.optim.Adam(net.parameters())
for k in range(4):
    order = torch.randperm(30)
    for b in order.split(10):
        opt.zero_grad()
        F.cross_entropy(net(words[b]), y[b]).backward()
        opt.step()
