"""Labels and lengths of the data are read in each step, from where they are."""

import gradbook as torch
from gradbook import nn
from gradbook.nn.utils.rnn import pack_padded_sequence

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
rnn, head = nn.GRU(4, 6, batch_first=True).to(device), nn.Linear(6, 2).to(device)
opt = torch.optim.Adam([*rnn.parameters(), *head.parameters()])
for step in range(5):
    x, lengths = torch.randn(8, 7, 4), torch.randint(2, 8, (8,))
    y = torch.randint(0, 2, (8,))
    packed = pack_padded_sequence(x.to(device), lengths.tolist(), batch_first=True, enforce_sorted=False)
    _, h = rnn(packed)
    loss = nn.functional.cross_entropy(head(h[-1]), y.to(device))
    opt.zero_grad()
    loss.backward()
    opt.step()
