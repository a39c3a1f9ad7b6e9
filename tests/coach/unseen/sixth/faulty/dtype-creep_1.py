"""Mini-transformer exercise: sinusoidal positions, then one attention block."""
import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)


class PositionalEncoding(nn.Module):
    def __init__(self, d_model, max_len=32):
        super().__init__()
        pos = np.arange(max_len)[:, None]
        freq = np.exp(-np.log(10000.0) * np.arange(0, d_model, 2) / d_model)
        table = np.zeros((max_len, d_model))
        table[:, 0::2] = np.sin(pos * freq)
        table[:, 1::2] = np.cos(pos * freq)
        self.register_buffer("table", torch.from_numpy(table))  # coach: dtype-creep; fix: .float()

    def forward(self, x):
        return x + self.table[: x.size(1)]  # coach-line: dtype-creep


class FirstTokenModel(nn.Module):
    def __init__(self, vocab=12, d_model=16):
        super().__init__()
        self.embed = nn.Embedding(vocab, d_model)
        self.positions = PositionalEncoding(d_model)
        self.q = nn.Linear(d_model, d_model)
        self.k = nn.Linear(d_model, d_model)
        self.v = nn.Linear(d_model, d_model)
        self.out = nn.Linear(d_model, vocab)

    def forward(self, tokens):
        h = self.positions(self.embed(tokens))
        scores = self.q(h) @ self.k(h).transpose(1, 2) / h.size(-1) ** 0.5
        h = h + torch.softmax(scores, dim=-1) @ self.v(h)
        return self.out(h.mean(dim=1))


tokens = torch.randint(0, 12, (256, 6))
answer = tokens[:, 0].clone()
batches = DataLoader(TensorDataset(tokens, answer), batch_size=32, shuffle=True)
model = FirstTokenModel()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
ce = nn.CrossEntropyLoss()

for epoch in range(4):
    for tok, ans in batches:
        opt.zero_grad()
        loss = ce(model(tok), ans)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
