# Sentiment of short reviews, right-padded to a fixed length
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(17)
PAD, VOCAB, MAXLEN = 0, 101, 24


def make_reviews(n):
    y = torch.randint(0, 2, (n,))
    tok = torch.randint(1, VOCAB, (n, MAXLEN))
    mood = 1 + 50 * y.unsqueeze(1) + torch.randint(0, 50, (n, MAXLEN))
    tok = torch.where(torch.rand(n, MAXLEN) < 0.5, mood, tok)
    length = torch.randint(6, 18, (n, 1))
    tok[torch.arange(MAXLEN).unsqueeze(0) >= length] = PAD
    return tok, y


class Sentiment(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, dim, padding_idx=PAD)
        self.mix = nn.Conv1d(dim, 32, kernel_size=3, padding=1)
        self.out = nn.Linear(32, 2)

    def forward(self, tok):
        h = self.embed(tok).transpose(1, 2)
        h = torch.relu(self.mix(h))
        pooled = h[:, :, -1]  # coach: constant-predictions
        return self.out(pooled)
        # coach-also: loss-plateau


tok, y = make_reviews(1000)
loader = DataLoader(TensorDataset(tok, y), batch_size=50, shuffle=True)
net = Sentiment()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(4):
    hits = 0
    for tb, yb in loader:
        opt.zero_grad()
        logits = net(tb)
        loss = nn.functional.cross_entropy(logits, yb)
        loss.backward()
        opt.step()
        hits += (logits.argmax(1) == yb).sum().item()
    print(f"epoch {epoch} loss {loss.item():.3f} accuracy {hits / len(y):.3f}")
