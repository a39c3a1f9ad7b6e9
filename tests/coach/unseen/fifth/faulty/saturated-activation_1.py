import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(17)
VOCAB, LEN = 60, 80
# bag of words sentiment: words below 30 are "good"
sent = torch.randint(0, 2, (400,))
good_words = torch.randint(0, 30, (400, LEN))
bad_words = torch.randint(30, VOCAB, (400, LEN))
pick = torch.rand(400, LEN) < (0.4 + 0.2 * sent.float()).unsqueeze(1)
docs = torch.where(pick, good_words, bad_words)
loader = DataLoader(TensorDataset(docs, sent), batch_size=40, shuffle=True)


class BagOfWords(nn.Module):
    def __init__(self, dim=24):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, dim)
        self.mix = nn.Linear(dim, dim)
        self.cls = nn.Linear(dim, 2)

    def forward(self, tokens):
        v = self.emb(tokens).sum(1)  # coach: saturated-activation; fix: .mean(
        h = torch.tanh(v)  # coach-line: saturated-activation
        h = torch.tanh(self.mix(h))
        return self.cls(h)


model = BagOfWords()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
ce = nn.CrossEntropyLoss()
for epoch in range(6):
    ok = 0
    for d, s in loader:
        z = model(d)
        loss = ce(z, s)
        opt.zero_grad()
        loss.backward()
        opt.step()
        ok += (z.argmax(1) == s).sum().item()
    print(epoch, f"{loss.item():.3f}", ok / 400)
