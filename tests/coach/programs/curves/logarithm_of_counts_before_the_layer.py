import gradbook as torch
from gradbook import nn


class Topics(nn.Module):
    def __init__(self, words, topics):
        super().__init__()
        self.score = nn.Linear(words, topics)

    def forward(self, bag):
        weight = torch.log(bag)  # coach: nan-origin; fix: torch.log(bag + 1e-8)
        return self.score(weight)


torch.manual_seed(5)
bags = torch.randint(0, 4, (60, 12)).float()
kinds = torch.randint(0, 3, (60,))
model = Topics(12, 3)
sgd = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(4):
    loss = nn.functional.cross_entropy(model(bags), kinds)
    sgd.zero_grad()
    loss.backward()
    sgd.step()
