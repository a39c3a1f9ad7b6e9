import gradbook as torch  # coach-also: batch-axis-mixed
import gradbook.nn as nn


class Sentiment(nn.Module):
    def __init__(self, words=50, dim=8, hidden=16):
        super().__init__()
        self.emb = nn.Embedding(words, dim)
        self.rnn = nn.GRU(dim, hidden)  # coach: batch-leak; fix: batch_first=True
        self.out = nn.Linear(hidden, 2)

    def forward(self, tokens):
        states, _ = self.rnn(self.emb(tokens))
        return self.out(states[:, -1])


class Fit:
    def __init__(self):
        self.model = Sentiment()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=5e-3)
        self.loss = nn.CrossEntropyLoss()

    def step(self, tokens, labels):
        self.optimizer.zero_grad()
        value = self.loss(self.model(tokens), labels)
        value.backward()  # coach-also: batch-axis-mixed
        self.optimizer.step()
        return value.item()


fit = Fit()
history = []
for _ in range(8):
    sentences = torch.randint(0, 50, (20, 7))
    history.append(fit.step(sentences, (sentences[:, 0] > 25).long()))
