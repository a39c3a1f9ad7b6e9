"""Stateful LSTM over one long series, read in consecutive chunks."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(33)
steps = torch.arange(901).float()
wave = torch.sin(0.12 * steps) + 0.4 * torch.sin(0.31 * steps) + 0.05 * torch.randn(901)
wave = (wave - wave.mean()) / wave.std()
CHUNK = 30


class Stateful(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 20, batch_first=True)
        self.read = nn.Linear(20, 1)

    def forward(self, x, state=None):
        seq, state = self.lstm(x, state)
        return self.read(seq), state


model = Stateful()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(3):
    state = None
    for s in range(0, 900, CHUNK):
        x = wave[s:s + CHUNK].view(1, CHUNK, 1)
        y = wave[s + 1:s + CHUNK + 1].view(1, CHUNK, 1)
        pred, state = model(x, state)  # coach: backward-twice; fix: .detach()
        loss = nn.functional.mse_loss(pred, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
