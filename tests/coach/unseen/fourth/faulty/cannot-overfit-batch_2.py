"""Sanity check before the long run: can the decoder memorise sixteen examples?"""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(25)


class ConvAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv1d(1, 8, 4, stride=2, padding=1), nn.ReLU(),
                                  nn.Conv1d(8, 16, 4, stride=2, padding=1), nn.ReLU())
        self.up = nn.Sequential(nn.ConvTranspose1d(16, 8, 4, stride=2, padding=1), nn.ReLU(),
                                nn.ConvTranspose1d(8, 1, 4, stride=2, padding=1),
                                nn.Sigmoid())  # coach: cannot-overfit-batch

    def forward(self, x):
        return self.up(self.down(x))


t = torch.linspace(0, 1, 32)
freq = 1 + 3 * torch.rand(16, 1)
signals = torch.sin(6.2832 * freq * t) + 0.3 * torch.cos(12.566 * freq * t)
signals = (signals - signals.mean()) / signals.std()
batch = signals.unsqueeze(1)

model = ConvAE()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(200):
    loss = F.mse_loss(model(batch), batch)
    opt.zero_grad()
    loss.backward()  # coach-also: saturated-activation
    opt.step()
    if step % 40 == 0:
        print(step, round(loss.item(), 4))
print("final", round(loss.item(), 4), "(variance of the data is 1)")
# coach-also: loss-plateau
