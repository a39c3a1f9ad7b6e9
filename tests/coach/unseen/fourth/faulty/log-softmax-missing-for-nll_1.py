import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader


class NoisyDigits(Dataset):
    """Seven-segment digits rendered as 7x5 bitmaps."""
    SEGMENTS = ["abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg"]
    WHERE = {"a": (0, slice(1, 4)), "g": (3, slice(1, 4)), "d": (6, slice(1, 4)),
             "f": (slice(0, 4), 0), "b": (slice(0, 4), 4), "e": (slice(3, 7), 0), "c": (slice(3, 7), 4)}

    def __init__(self, n):
        self.n = n
        self.digit = torch.randint(0, 10, (n,))
        self.image = torch.zeros(n, 7, 5)
        for i in range(n):
            for s in self.SEGMENTS[int(self.digit[i])]:
                r, c = self.WHERE[s]
                self.image[i, r, c] = 1.0
        self.image = (self.image - 0.4) / 0.5 + 0.25 * torch.randn(n, 7, 5)

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return self.image[i], self.digit[i]


class DigitMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(35, 64)
        self.output = nn.Linear(64, 10)

    def forward(self, img):
        h = F.relu(self.hidden(img.flatten(1)))
        return F.softmax(self.output(h), dim=1)  # coach: log-softmax-missing-for-nll; fix: F.log_softmax(


torch.manual_seed(21)
train_loader = DataLoader(NoisyDigits(512), batch_size=32, shuffle=True)
val_images, val_digits = next(iter(DataLoader(NoisyDigits(128), batch_size=128)))
model = DigitMLP()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(5):
    model.train()
    for img, digit in train_loader:
        opt.zero_grad()
        loss = F.nll_loss(model(img), digit)  # coach-line: log-softmax-missing-for-nll
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        out = model(val_images)
        print(f"epoch {epoch}: loss {loss.item():.3f}, val acc {(out.argmax(1) == val_digits).float().mean().item():.2f}")
