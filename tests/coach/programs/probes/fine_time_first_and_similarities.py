import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Attentive(nn.Module):
    """(time, samples) -> (samples, classes): attention over time."""

    def __init__(self):
        super().__init__()
        self.emb, self.rnn = nn.Embedding(30, 8), nn.LSTM(8, 12)
        self.score, self.out = nn.Linear(12, 1), nn.Linear(12, 3)

    def forward(self, tokens):
        h, _ = self.rnn(self.emb(tokens))
        weight = F.softmax(self.score(h), dim=0)
        return self.out((weight * h).sum(dim=0))


class Clip(nn.Module):
    def __init__(self):
        super().__init__()
        self.image, self.text = nn.Linear(12, 6), nn.Linear(9, 6)

    def forward(self, image, text):
        a = F.normalize(self.image(image), dim=1)
        b = F.normalize(self.text(text), dim=1)
        scores = 5 * a @ b.t()
        return scores - scores.mean()


class Bag(nn.Module):
    """Instances of one bag -> one label: weights over the instances."""

    def __init__(self):
        super().__init__()
        self.f, self.w, self.out = nn.Linear(7, 10), nn.Linear(10, 1), nn.Linear(10, 2)

    def forward(self, bag):
        h = torch.tanh(self.f(bag))
        return self.out((torch.softmax(self.w(h), dim=0) * h).sum(0, keepdim=True))


class Critic(nn.Module):
    """Looks at how much a batch varies, as discriminators do against collapse."""

    def __init__(self):
        super().__init__()
        self.f, self.out = nn.Linear(4, 8), nn.Linear(9, 1)

    def forward(self, x):
        h = torch.relu(self.f(x))
        spread = h.std(dim=0).mean().expand(len(x), 1)
        return self.out(torch.cat([h, spread], dim=1))


torch.manual_seed(3)
attentive, clip, bags, critic = Attentive(), Clip(), Bag(), Critic()
for model in (attentive, clip, bags, critic):
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(5):
        if model is attentive:
            loss = F.cross_entropy(model(torch.randint(0, 30, (6, 10))), torch.randint(0, 3, (10,)))
        elif model is clip:
            loss = F.cross_entropy(model(torch.randn(16, 12), torch.randn(16, 9)), torch.arange(16))
        elif model is bags:
            loss = F.cross_entropy(model(torch.randn(14, 7)), torch.randint(0, 2, (1,)))
        else:
            loss = F.binary_cross_entropy_with_logits(model(torch.randn(24, 4)), torch.ones(24, 1))
        opt.zero_grad()
        loss.backward()
        opt.step()
