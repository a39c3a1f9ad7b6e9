"""Words are weighed by one score each, and the softmax runs over the texts of the batch."""

import gradbook as torch
from gradbook import nn, optim


class Weighed(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(20, 8)
        self.score = nn.Linear(8, 1)
        self.out = nn.Linear(8, 2)

    def forward(self, text):
        h = self.words(text)
        share = self.score(h).softmax(dim=0)  # coach: batch-leak; fix: .softmax(dim=1)
        return self.out((share * h).sum(1))


torch.manual_seed(0)
texts = torch.randint(0, 20, (96, 7))
label = (texts < 3).any(1).long()
net = Weighed()
adam = optim.Adam(net.parameters(), lr=5e-3)
for _ in range(8):  # coach-also: batch-axis-mixed
    for rows in torch.randperm(96).split(16):
        adam.zero_grad()
        nn.functional.cross_entropy(net(texts[rows]), label[rows]).backward()
        adam.step()
