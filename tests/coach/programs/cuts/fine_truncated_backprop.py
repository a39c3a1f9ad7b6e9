import gradbook as torch
from gradbook import nn

rnn = nn.GRU(3, 8, batch_first=True)
head = nn.Linear(8, 3)
optimizer = torch.optim.Adam(list(rnn.parameters()) + list(head.parameters()), lr=5e-3)
series = torch.sin(torch.linspace(0, 12, 121))[:, None].repeat(1, 3).unsqueeze(0)
for epoch in range(2):
    hidden = torch.zeros(1, 1, 8)
    for t in range(0, 120, 20):
        chunk, follow = series[:, t : t + 20], series[:, t + 1 : t + 21]
        out, hidden = rnn(chunk, hidden.detach())
        loss = nn.functional.mse_loss(head(out), follow)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(rnn.parameters(), 1.0)
        optimizer.step()
