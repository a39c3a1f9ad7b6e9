"""The encoder runs once, and a decoder is trained step by step on its output in a Trainer."""

import gradbook as torch
from gradbook import nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(12, 24), nn.Tanh(), nn.Linear(24, 8))

    def forward(self, x):
        return self.net(x)


class Trainer:
    def __init__(self, encoder, decoder, lr=1e-2):
        self.encoder, self.decoder = encoder, decoder
        params = list(encoder.parameters()) + list(decoder.parameters())
        self.optim = torch.optim.Adam(params, lr=lr)
        self.loss_fn = nn.MSELoss()

    def train(self, x, target, steps):
        code = self.encoder(x)  # coach: backward-twice; fix: code = self.encoder(x)
        for step in range(steps):
            self.optim.zero_grad()
            out = self.decoder(code)
            loss = self.loss_fn(out, target)
            loss.backward()
            self.optim.step()


data = torch.rand(40, 12)
Trainer(Encoder(), nn.Linear(8, 12)).train(data, data, steps=10)
