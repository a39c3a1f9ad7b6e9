import gradbook as torch
from gradbook import nn

rnn = nn.GRUCell(3, 8)
readout = nn.Linear(8, 1)
params = list(rnn.parameters()) + list(readout.parameters())
optimizer = torch.optim.Adam(params, lr=1e-3)
seq = torch.randn(12, 4, 3)
for epoch in range(6):
    h = torch.zeros(4, 8)
    loss, parts = 0, []
    for t in range(12):
        h = rnn(seq[t], h)
        step_loss = (readout(h) - seq[t].sum(1, keepdim=True)).pow(2).mean()
        loss = loss + step_loss
        parts.append(step_loss)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(torch.stack(parts).mean().item())
