import gradbook as torch
from gradbook import nn

rnn, head = nn.GRU(3, 8), nn.Linear(8, 1)
optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()])
x, y = torch.randn(32, 10, 3), torch.randn(32, 1)
for step in range(5):
    steps_first = x.view(10, 32, 3)  # coach: batch-axis-mixed; fix: steps_first = x.transpose(0, 1)
    states, _ = rnn(steps_first)
    loss = nn.functional.mse_loss(head(states[-1]), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
