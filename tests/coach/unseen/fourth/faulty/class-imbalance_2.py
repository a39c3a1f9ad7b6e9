import math
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(17)


def clips(n, positive_rate):
    """Short clips; a few of them hold a glass-break event."""
    t = torch.linspace(0, 1, 128)
    event = (torch.rand(n) < positive_rate).long()
    audio = 0.8 * torch.randn(n, 128)
    audio = audio + event.float().unsqueeze(1) * 0.7 * torch.sin(2 * math.pi * 20 * t)
    return ((audio - audio.mean()) / audio.std()).unsqueeze(1), event


class EventDetector(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv1d(1, 8, 11, stride=2, padding=5), nn.ReLU(), nn.Conv1d(8, 12, 7, stride=2, padding=3), nn.ReLU())
        self.head = nn.Linear(12, 2)

    def forward(self, a):
        return self.head(self.conv(a).mean(-1))


audio, event = clips(600, 0.04)
val_audio, val_event = clips(300, 0.04)
loader = DataLoader(TensorDataset(audio, event), batch_size=50, shuffle=True)  # coach-line: class-imbalance
detector = EventDetector()
criterion = nn.CrossEntropyLoss()  # coach: class-imbalance; fix: weight=
optimizer = torch.optim.Adam(detector.parameters(), lr=3e-3)

for epoch in range(8):
    detector.train()
    for a, e in loader:
        optimizer.zero_grad()
        loss = criterion(detector(a), e)
        loss.backward()
        optimizer.step()
    detector.eval()
    with torch.no_grad():
        guess = detector(val_audio).argmax(1)
    accuracy = (guess == val_event).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.3f} val accuracy {accuracy:.3f} events found {int(guess.sum())}")  # coach-also: constant-predictions
