# Sorting short digit strings: GRU encoder, attentive GRU decoder, teacher forcing, padded targets ignored.
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(101)
PAD, SOS, EOS, N_TOK, MAX = 10, 11, 12, 13, 6


def make_batch(n):
    length = torch.randint(3, MAX + 1, (n, 1))
    inside = torch.arange(MAX) < length
    src = torch.randint(0, 10, (n, MAX)).masked_fill(~inside, PAD)
    ordered = src.sort(dim=1).values
    tgt = torch.cat([ordered, torch.full((n, 1), PAD)], dim=1).scatter(1, length, EOS)
    prev = torch.cat([torch.full((n, 1), SOS), tgt[:, :-1]], dim=1)
    return src, prev, tgt


class Encoder(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.emb = nn.Embedding(N_TOK, d, padding_idx=PAD)
        self.gru = nn.GRU(d, d // 2, batch_first=True, bidirectional=True)

    def forward(self, src):
        memory, h = self.gru(self.emb(src))
        return memory, torch.cat([h[0], h[1]], dim=-1)


class AttentiveDecoder(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.emb = nn.Embedding(N_TOK, d, padding_idx=PAD)
        self.cell = nn.GRUCell(2 * d, d)
        self.query = nn.Linear(d, d, bias=False)
        self.out = nn.Sequential(nn.Linear(2 * d, d), nn.Tanh(), nn.Linear(d, N_TOK))

    def forward(self, prev, memory, h, src_pad):
        context, outputs = torch.zeros_like(h), []
        for step in self.emb(prev).unbind(dim=1):
            h = self.cell(torch.cat([step, context], dim=-1), h)
            energy = torch.einsum("bd,btd->bt", self.query(h), memory).masked_fill(src_pad, float("-inf"))
            context = torch.einsum("bt,btd->bd", energy.softmax(-1), memory)
            outputs.append(self.out(torch.cat([h, context], dim=-1)))
        return torch.stack(outputs, dim=1)


encoder, decoder = Encoder(48), AttentiveDecoder(48)
parameters = [*encoder.parameters(), *decoder.parameters()]
optimizer = torch.optim.Adam(parameters, lr=5e-3)
val = make_batch(128)


def logits_of(src, prev):
    return decoder(prev, *encoder(src), src == PAD)


for step in range(1, 121):
    src, prev, tgt = make_batch(48)
    loss = F.cross_entropy(logits_of(src, prev).flatten(0, 1), tgt.flatten(), ignore_index=PAD)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    if step % 30 == 0:
        with torch.no_grad():
            guess = logits_of(val[0], val[1]).argmax(-1)
            real = val[2] != PAD
            print(step, f"loss {loss.item():.3f} token acc {(guess == val[2])[real].float().mean():.3f}")
