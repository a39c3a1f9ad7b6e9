import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(14)
VOCAB, TOPICS = 20, 3


class TfEncoder(nn.Module):
    """Log term frequencies, standardised, then a small dense net."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(VOCAB)
        self.fc = nn.Linear(VOCAB, 24)
        self.out = nn.Linear(24, TOPICS)

    def weigh(self, counts):
        return torch.log(counts)  # coach: nan-origin

    def features(self, counts):
        return torch.relu(self.fc(self.norm(self.weigh(counts))))

    def forward(self, counts):
        return self.out(self.features(counts))


def corpus(n):
    topic_rate = 0.5 + 3.0 * torch.rand(TOPICS, VOCAB)
    topic = torch.randint(0, TOPICS, (n,))
    counts = torch.floor(-topic_rate[topic] * torch.log(torch.rand(n, VOCAB)))
    return TensorDataset(counts, topic)


loader = DataLoader(corpus(256), batch_size=32, shuffle=True)
model = TfEncoder()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(3):
    for counts, topic in loader:
        opt.zero_grad()
        loss = F.cross_entropy(model(counts), topic)
        loss.backward()
        opt.step()
    print(f"epoch {epoch} loss {loss.item():.4f}")
