import random

import gradbook as torch
from gradbook import nn, optim

SOS, VOCAB, LEN, H = 0, 8, 5, 32


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, H)
        self.gru = nn.GRU(H, H)

    def forward(self, src):
        return self.gru(self.embedding(src))[1]


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, H)
        self.gru = nn.GRU(H, H)
        self.out = nn.Linear(H, VOCAB)

    def forward(self, token, hidden):
        o, hidden = self.gru(self.embedding(token).unsqueeze(0), hidden)
        return self.out(o[0]), hidden


random.seed(4)
torch.manual_seed(4)
encoder, decoder = Encoder(), Decoder()
enc_opt = optim.Adam(encoder.parameters(), lr=8e-3)
dec_opt = optim.Adam(decoder.parameters(), lr=8e-3)
criterion = nn.CrossEntropyLoss()

for it in range(25):
    src = torch.randint(1, VOCAB, (LEN, 16))
    tgt = src.flip(0)
    enc_opt.zero_grad()
    dec_opt.zero_grad()

    hidden = encoder(src)
    token = torch.full((16,), SOS, dtype=torch.long)
    use_tf = random.random() < 0.6
    loss = 0
    for t in range(LEN):
        logits, hidden = decoder(token, hidden)
        loss += criterion(logits, tgt[t])
        token = tgt[t] if use_tf else logits.argmax(1).detach()

    loss.backward()
    nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
    nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
    enc_opt.step()
    dec_opt.step()
    if it % 8 == 0:
        print(it, loss.item() / LEN)
