# Attention pooling over a short sentence: which word decides the sentiment?
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(8)
VOCAB = ["<pad>", "the", "film", "was", "good", "great", "bad", "awful", "plot", "actor", "very", "a"]
POS, NEG, FILLER = [4, 5], [6, 7], [1, 2, 3, 8, 9, 10, 11]


def sample_sentences(n, length=7):
    words = torch.tensor(FILLER)[torch.randint(0, len(FILLER), (n, length))]
    label = torch.randint(0, 2, (n,))
    place = torch.randint(0, length, (n,))
    for i in range(n):
        pool = POS if label[i] == 1 else NEG
        words[i, place[i]] = pool[int(torch.randint(0, 2, (1,)))]
    return words, label


class AttentionPooling(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(dim, dim), nn.Tanh(), nn.Linear(dim, 1))

    def forward(self, h):
        weights = F.softmax(self.score(h), dim=-1)  # coach: degenerate-activation; fix: dim=1
        return (weights * h).sum(dim=1), weights


class SentimentNet(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.embed = nn.Embedding(len(VOCAB), dim, padding_idx=0)
        self.pool = AttentionPooling(dim)
        self.classify = nn.Linear(dim, 2)

    def forward(self, words):
        pooled, weights = self.pool(self.embed(words))
        return self.classify(pooled), weights


sentences, labels = sample_sentences(256)
net = SentimentNet()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)  # coach-also: vanishing-gradients
for epoch in range(6):
    order = torch.randperm(len(sentences))
    for idx in order.split(32):
        logits, _ = net(sentences[idx])
        loss = F.cross_entropy(logits, labels[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", f"{loss.item():.4f}")

net.eval()
with torch.no_grad():
    _, w = net(sentences[:1])
print({VOCAB[int(t)]: round(float(a), 2) for t, a in zip(sentences[0], w[0, :, 0])})
