# Multi-label toy: which of five instruments play in a short clip?
import math
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(314)
PITCH = [1.0, 2.0, 3.0, 5.0, 7.0]


class Clips(Dataset):
    def __init__(self, n, length=32):
        t = torch.linspace(0, 2 * math.pi, length)
        waves = torch.stack([torch.sin(p * t) for p in PITCH])
        self.playing = (torch.rand(n, 5) < 0.5).float()
        sound = self.playing @ waves + 0.4 * torch.randn(n, length)
        self.sound = (sound - sound.mean()) / sound.std()

    def __len__(self):
        return self.sound.size(0)

    def __getitem__(self, k):
        return self.sound[k], self.playing[k]


class Listener(nn.Module):
    def __init__(self):
        super().__init__()
        self.front = nn.Linear(32, 48)
        self.act = nn.LeakyReLU(0.1)
        self.back = nn.Linear(48, 5)

    def forward(self, clip):
        h = self.act(self.front(clip))
        return torch.sigmoid(self.back(h))  # coach: sigmoid-before-bce-with-logits; fix: self.back(h)


criterion = nn.BCEWithLogitsLoss()  # coach-line: sigmoid-before-bce-with-logits
listener = Listener()
optimizer = torch.optim.Adam(listener.parameters(), lr=3e-3)
train = DataLoader(Clips(400), batch_size=40, shuffle=True)
held_out = Clips(100)

for epoch in range(8):
    listener.train()
    for clip, playing in train:
        optimizer.zero_grad()
        loss = criterion(listener(clip), playing)
        loss.backward()
        optimizer.step()
    listener.eval()
    with torch.no_grad():
        held = criterion(listener(held_out.sound), held_out.playing).item()
    print(f"epoch {epoch} loss {loss.item():.3f} held-out loss {held:.3f}")
