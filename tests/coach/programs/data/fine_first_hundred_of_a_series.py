import gradbook as torch
from gradbook import nn

series = torch.sin(torch.linspace(0, 12, 200)).unsqueeze(1)
rnn = nn.GRU(1, 12)
head = nn.Linear(12, 1)
optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=1e-2)
for epoch in range(8):
    out, _ = rnn(series[:-1].unsqueeze(1))
    loss = nn.functional.mse_loss(head(out).squeeze(1), series[1:])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
