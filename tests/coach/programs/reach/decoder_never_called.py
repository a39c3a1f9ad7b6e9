import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Seq2Vec(nn.Module):
    def __init__(self, vocab=15, dim=8):
        super().__init__()
        self.embedding = nn.Embedding(vocab, dim)
        self.encoder = nn.GRU(dim, dim, batch_first=True)
        self.decoder = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim))  # coach: unused-parameters; fix: self.decoder(x)
        self.classifier = nn.Linear(dim, 2)

    def forward(self, tokens):
        _, h = self.encoder(self.embedding(tokens))
        return self.classifier(h.squeeze(0))


class Fit:
    def __init__(self, model, data):
        self.model, self.data = model, data
        self.optim = torch.optim.RMSprop(self.model.parameters(), lr=1e-3)

    def epoch(self):
        for tokens, label in self.data:
            self.optim.zero_grad()
            nn.functional.cross_entropy(self.model(tokens), label).backward()
            self.optim.step()


tokens = torch.randint(0, 15, (30, 6))
fit = Fit(Seq2Vec(), DataLoader(TensorDataset(tokens, tokens[:, 0] % 2), batch_size=10, shuffle=True))
for _ in range(3):
    fit.epoch()
