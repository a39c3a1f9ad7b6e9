import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class Pairs(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.centre, self.context = nn.Embedding(words, width), nn.Embedding(words, width)
        self.scale = nn.Linear(width, width)

    def forward(self, word, near, far):
        v = torch.sigmoid(self.scale(self.centre(word)))
        good = (v * self.context(near)).sum(-1)
        bad = (v * self.context(far)).sum(-1)
        return -(F.logsigmoid(good) + F.logsigmoid(-bad)).mean()


torch.manual_seed(0)
model = Pairs(20, 8)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(20):
    word = torch.randint(0, 20, (64,))
    loss = model(word, (word + 1) % 20, torch.randint(0, 20, (64,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
