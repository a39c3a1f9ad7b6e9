"""CTC: a convolution over frames, time-major log-probabilities, blank at index 0, labels of unequal length."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
SYMBOLS, FRAMES = 4, 16
codes = torch.randn(SYMBOLS + 1, 6)


def utterance():
    length = int(torch.randint(2, 5, ()))
    labels = torch.randint(1, SYMBOLS + 1, (length,))
    frames = torch.zeros(FRAMES, dtype=torch.long)
    for k, s in enumerate(labels.tolist()):
        frames[1 + 4 * k:3 + 4 * k] = s
    return codes[frames] + 0.2 * torch.randn(FRAMES, 6), labels


class Recogniser(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(6, 24, 3, padding=1)
        self.fc = nn.Linear(24, SYMBOLS + 1)

    def forward(self, x):
        h = torch.relu(self.conv(x.permute(1, 2, 0))).permute(2, 0, 1)
        return self.fc(h).log_softmax(-1)


model = Recogniser()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
ctc = nn.CTCLoss(blank=0, zero_infinity=True)
for step in range(40):
    samples = [utterance() for _ in range(6)]
    x = torch.stack([s[0] for s in samples], dim=1)
    targets = torch.cat([s[1] for s in samples])
    target_lengths = torch.tensor([len(s[1]) for s in samples])
    input_lengths = torch.full((6,), FRAMES, dtype=torch.long)
    loss = ctc(model(x), targets, input_lengths, target_lengths)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    if step % 10 == 0 or step == 39:
        print(step, round(loss.item(), 4))
