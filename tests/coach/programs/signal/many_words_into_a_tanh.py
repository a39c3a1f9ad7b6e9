import gradbook as torch
from gradbook import nn

torch.manual_seed(6)
words = torch.randint(0, 50, (240, 120))
label = (words < 25).sum(1).gt(60).long()


class Topic(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(50, 16)
        self.out = nn.Linear(16, 2)

    def forward(self, w):
        return self.out(torch.tanh(self.table(w).sum(dim=1)))  # coach: saturated-activation; fix: self.table(w).mean(dim=1)


topic = Topic()
opt = torch.optim.Adam(topic.parameters(), lr=2e-3)
for epoch in range(5):
    for rows in torch.randperm(240).split(40):
        opt.zero_grad()
        nn.functional.cross_entropy(topic(words[rows]), label[rows]).backward()
        opt.step()
