import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(3)
SR, N_CLASSES = 256, 3


def synth(n):
    t = torch.arange(SR).float() / SR
    label = torch.randint(0, N_CLASSES, (n,))
    freq = (label.float() * 4 + 8).unsqueeze(1) + torch.rand(n, 1) * 3
    wave = torch.sin(2 * math.pi * freq * t + 6.28 * torch.rand(n, 1)) + 1.5 * torch.randn(n, SR)
    return ((wave - wave.mean()) / wave.std()).unsqueeze(1), label


class WaveNetish(nn.Module):
    def __init__(self, ch=16):
        super().__init__()
        self.c1 = nn.Conv1d(1, ch, 9, stride=4, padding=4)
        self.c2 = nn.Conv1d(ch, ch, 9, stride=4, padding=4)
        self.out = nn.Linear(ch, N_CLASSES)

    def forward(self, w):
        h = torch.tanh(self.c1(w))
        h = F.leaky_relu(self.c2(h), 0.1)
        return self.out(h.mean(dim=2))


wave, label = synth(240)
val_wave, val_label = synth(90)
net = WaveNetish()
opt = torch.optim.Adam(net.parameters(), lr=0.3)  # coach: learning-rate-too-high
criterion = nn.CrossEntropyLoss()  # coach-also: update-ratio-high
for epoch in range(15):
    net.train()
    order = torch.randperm(len(wave))
    losses = []
    for chunk in order.split(24):
        opt.zero_grad()
        loss = criterion(net(wave[chunk]), label[chunk])
        loss.backward()
        opt.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        acc = (net(val_wave).argmax(1) == val_label).float().mean().item()
    print(f"{epoch:02d} train {sum(losses) / len(losses):.3f} acc {acc:.2f}")
