import gradbook as torch
from gradbook import nn

torch.manual_seed(0)


class Tagger(nn.Module):
    def __init__(self, vocab, tags, dim=16):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim)
        self.rnn = nn.LSTM(dim, dim)
        self.fc = nn.Linear(dim, tags)

    def forward(self, sent):
        bsz, length = sent.shape
        e = self.emb(sent)
        e = e.view(length, bsz, -1)  # coach: batch-axis-mixed
        h, _ = self.rnn(e)
        return self.fc(h).transpose(0, 1)


vocab, tags = 25, 5
sents = torch.randint(0, vocab, (200, 7))
gold = sents % tags

model = Tagger(vocab, tags)
opt = torch.optim.Adam(model.parameters(), lr=0.01)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(6):
    for idx in torch.randperm(200).split(25):
        scores = model(sents[idx])
        loss = loss_fn(scores.reshape(-1, tags), gold[idx].reshape(-1))
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: batch-leak, loss-plateau
