from dataclasses import dataclass

import gradbook as torch
from gradbook import nn


@dataclass
class ModelConfig:
    vocab_size: int = 30
    embed_dim: int = 12
    hidden: int = 16
    n_labels: int = 2


class BiLSTMSentiment(nn.Module):
    def __init__(self, cfg: ModelConfig):
        super().__init__()
        self.embedding = nn.Embedding(cfg.vocab_size, cfg.embed_dim)
        self.lstm = nn.LSTM(cfg.embed_dim, cfg.hidden, bidirectional=True, batch_first=True)
        self.classifier = nn.Linear(cfg.hidden, cfg.n_labels)  # coach: shape-mismatch

    def forward(self, tokens):
        outputs, (h_n, c_n) = self.lstm(self.embedding(tokens))
        return self.classifier(outputs[:, -1])


torch.manual_seed(18)
tokens = torch.randint(0, 30, (64, 11))
sentiment = (tokens.float().mean(1) > 14.5).long()
model = BiLSTMSentiment(ModelConfig())
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(5):
    optimizer.zero_grad()
    loss = criterion(model(tokens), sentiment)
    loss.backward()
    optimizer.step()
    print(epoch, loss.item())
