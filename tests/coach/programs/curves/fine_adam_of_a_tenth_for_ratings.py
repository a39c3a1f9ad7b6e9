# a few numbers for each film and each viewer, one small batch at a time: a rate of a tenth is usual for such tables
import gradbook as torch
from gradbook import nn

torch.manual_seed(4)
viewers, films = torch.randn(30, 3), torch.randn(40, 3)
who, what = torch.randint(0, 30, (1200,)), torch.randint(0, 40, (1200,))
stars = (viewers[who] * films[what]).sum(1) + 0.3 * torch.randn(1200)


class Factors(nn.Module):
    def __init__(self):
        super().__init__()
        self.viewer = nn.Embedding(30, 3)
        self.film = nn.Embedding(40, 3)

    def forward(self, who, what):
        return (self.viewer(who) * self.film(what)).sum(1)


model = Factors()
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
for epoch in range(4):
    for rows in torch.randperm(1200).split(24):
        optimizer.zero_grad()
        loss = ((model(who[rows], what[rows]) - stars[rows]) ** 2).mean()
        loss.backward()
        optimizer.step()
