import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)

# keyword spotting: 20 frames of 10 filterbank features, 3 keywords
templates = torch.randn(3, 20, 10)
word = torch.randint(0, 3, (480,))
audio = templates[word] + torch.randn(480, 20, 10)
audio = (audio - audio.mean()) / audio.std()


class KeywordSpotter(nn.Module):
    def __init__(self, n_mels=10, hidden=16, n_words=3):
        super().__init__()
        self.rnn = nn.GRU(n_mels, hidden, batch_first=True)
        self.out = nn.Linear(hidden, n_words)

    def forward(self, x):
        _, h = self.rnn(x)
        return self.out(h[-1])


spotter = KeywordSpotter()
loss_fn = nn.CrossEntropyLoss()
optim = torch.optim.Adam(spotter.parameters(), lr=1e-8)  # coach: learning-rate-too-low; fix: lr=
batches = DataLoader(TensorDataset(audio, word), batch_size=48, shuffle=True)

for epoch in range(8):
    total = 0.0  # coach-also: update-ratio-low
    for a, w in batches:
        optim.zero_grad()
        loss = loss_fn(spotter(a), w)
        loss.backward()
        optim.step()
        total += loss.item()
    mean = total / len(batches)  # coach-also: loss-plateau
    print(f"{epoch:2d} {mean:.5f}")
