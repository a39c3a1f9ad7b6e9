import gradbook as torch
from gradbook import nn


class WordModel(nn.Module):
    def __init__(self, vocab, hid):
        super().__init__()
        self.hid = hid
        self.emb = nn.Embedding(vocab, hid)
        self.rnn = nn.GRU(hid, hid)
        self.dec = nn.Linear(hid, vocab)

    def forward(self, ids, hidden):
        out, hidden = self.rnn(self.emb(ids), hidden)
        return self.dec(out), hidden

    def init_hidden(self, bsz):
        return torch.zeros(1, bsz, self.hid)


def batchify(ids, bsz):
    n = len(ids) // bsz
    return ids[:n * bsz].view(bsz, n).t().contiguous()


torch.manual_seed(1111)
vocab, bsz, bptt = 14, 8, 6
data = batchify(torch.tensor([(i + i // 5) % vocab for i in range(500)]), bsz)
model = WordModel(vocab, 20)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
ce = nn.CrossEntropyLoss()

hidden = model.init_hidden(bsz)
for i in range(0, data.size(0) - 1 - bptt, bptt):
    x, y = data[i:i + bptt], data[i + 1:i + 1 + bptt]
    opt.zero_grad()
    out, hidden = model(x, hidden)  # coach: backward-twice; fix: hidden.detach()
    loss = ce(out.view(-1, vocab), y.reshape(-1))
    loss.backward()
    opt.step()
    print(i, loss.item())
