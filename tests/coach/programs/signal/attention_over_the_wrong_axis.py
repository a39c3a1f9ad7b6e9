"""Words are weighed by one score each, and the softmax runs over that one."""

import gradbook as torch
from gradbook import nn, optim


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(30, 12)
        self.score = nn.Linear(12, 1)
        self.weigh = nn.Softmax(dim=2)  # coach: degenerate-activation; fix: nn.Softmax(dim=1)
        self.classes = nn.Linear(12, 2)

    def forward(self, text):
        h = self.words(text)
        return self.classes((self.weigh(self.score(h)) * h).sum(1))


torch.manual_seed(0)
texts = torch.randint(0, 30, (64, 9))
label = (texts < 5).any(1).long()
net = Reader()
adam = optim.Adam(net.parameters(), lr=5e-3)
for _ in range(10):
    for rows in torch.randperm(64).split(16):
        adam.zero_grad()
        nn.functional.cross_entropy(net(texts[rows]), label[rows]).backward()
        adam.step()
