import gradbook as torch
from gradbook import nn

sequences = torch.randn(24, 6, 3)
target = sequences.sum(dim=(1, 2)).unsqueeze(1)

gru = nn.GRU(3, 10, 2)  # coach: batch-axis-mixed; fix: gru = nn.GRU(3, 10, 2, batch_first=True)
readout = nn.Linear(10, 1)
opt = torch.optim.Adam([*gru.parameters(), *readout.parameters()], lr=0.01)
mse = nn.MSELoss()
for it in range(6):
    states, last = gru(sequences)
    loss = mse(readout(states[:, -1]), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
