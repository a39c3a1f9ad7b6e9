"""batch_first as it should be: the last step, the last hidden states of both directions, every step, packed ones."""

import gradbook as torch
from gradbook import nn
from gradbook.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from gradbook.utils.data import DataLoader, TensorDataset


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(30, 6, padding_idx=0)
        self.rnn = nn.GRU(6, 7, batch_first=True, bidirectional=True)
        self.top = nn.LSTM(14, 5, batch_first=True)
        self.each = nn.Linear(14, 4)
        self.whole = nn.Linear(14 + 5, 2)

    def forward(self, ids, lengths):
        packed = pack_padded_sequence(self.emb(ids), lengths, batch_first=True, enforce_sorted=False)
        states, h = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=ids.shape[1])
        ends = torch.cat([h[-2], h[-1]], dim=1)
        out, (top, _) = self.top(states)
        last = out[torch.arange(len(ids)), lengths - 1]
        tags = self.each(states)
        return self.whole(torch.cat([ends, last], dim=1)), tags.reshape(-1, 4)


ids, lengths = torch.randint(1, 30, (30, 9)), torch.randint(3, 10, (30,))
labels, tags = torch.randint(0, 2, (30,)), torch.randint(0, 4, (30, 9))
model = Reader()
opt = torch.optim.Adam(model.parameters())
loss_fn = nn.CrossEntropyLoss()
for x, n, y, t in DataLoader(TensorDataset(ids, lengths, labels, tags), batch_size=10, shuffle=True):
    whole, each = model(x, n)
    loss = loss_fn(whole, y) + loss_fn(each, t.view(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
