"""Two networks: the second optimizer is cleared twice, the first never."""

import gradbook as torch
import gradbook.nn as nn

encoder, decoder = nn.Linear(8, 3), nn.Linear(3, 8)
enc_opt = torch.optim.SGD(encoder.parameters(), lr=0.01)
dec_opt = torch.optim.SGD(decoder.parameters(), lr=0.01)
data = torch.rand(64, 8)
for epoch in range(4):
    for i in range(0, 64, 16):
        batch = data[i : i + 16]
        dec_opt.zero_grad()
        dec_opt.zero_grad()  # coach: missing-zero-grad; fix: enc_opt.zero_grad()
        loss = ((decoder(torch.tanh(encoder(batch))) - batch) ** 2).mean()
        loss.backward()
        enc_opt.step()
        dec_opt.step()
