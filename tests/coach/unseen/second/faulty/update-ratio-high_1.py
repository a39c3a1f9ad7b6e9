import gradbook as torch
from gradbook import nn

torch.manual_seed(38)
n_words, dim = 30, 10
pairs = torch.randint(0, n_words, (400,))
context = (pairs + torch.randint(1, 4, (400,))) % n_words


class SkipGram(nn.Module):
    def __init__(self):
        super().__init__()
        self.center = nn.Embedding(n_words, dim)
        self.output = nn.Linear(dim, n_words)
        nn.init.normal_(self.center.weight, std=0.1)

    def forward(self, w):
        return self.output(self.center(w))


model = SkipGram()
optimizer = torch.optim.Adam(model.parameters(), lr=0.3)  # coach: update-ratio-high; fix: lr=
ce = nn.CrossEntropyLoss()
for epoch in range(4):
    for b in torch.randperm(400).split(40):
        optimizer.zero_grad()
        loss = ce(model(pairs[b]), context[b])
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
# coach-also: learning-rate-too-high, loss-diverged, loss-plateau
