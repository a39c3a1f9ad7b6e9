"""Stateful RNN over a long series: the hidden state is carried to the next chunk and detached there.
The chunks come in order on purpose."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
t = torch.arange(0, 600) * 0.1
series = torch.sin(t) * torch.cos(0.37 * t)
CHUNK, B = 15, 4
length = series.numel() // B
streams = series[: B * length].view(B, length)
inputs, targets = streams[:, :-1].unsqueeze(-1), streams[:, 1:].unsqueeze(-1)


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(1, 24, batch_first=True)
        self.head = nn.Linear(24, 1)

    def forward(self, x, h):
        out, h = self.rnn(x, h)
        return self.head(out), h


model = Forecaster()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
criterion = nn.MSELoss()
for epoch in range(5):
    hidden = torch.zeros(1, B, 24)
    losses = []
    for start in range(0, length - 1, CHUNK):
        xb, yb = inputs[:, start:start + CHUNK], targets[:, start:start + CHUNK]
        hidden = hidden.detach()
        pred, hidden = model(xb, hidden)
        loss = criterion(pred, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print(epoch, round(sum(losses) / len(losses), 5))
