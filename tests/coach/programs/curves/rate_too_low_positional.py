import gradbook as torch
from gradbook import nn

lstm = nn.LSTM(2, 8)
head = nn.Linear(8, 1)
opt = torch.optim.SGD([*lstm.parameters(), *head.parameters()], 1e-8)  # coach: learning-rate-too-low; fix: 0.01
seq = torch.randn(10, 6, 2)
goal = seq.sum(dim=(0, 2)).unsqueeze(1)
for epoch in range(12):
    out, _ = lstm(seq)
    loss = nn.functional.mse_loss(head(out[-1]), goal)
    opt.zero_grad()
    loss.backward()
    opt.step()
