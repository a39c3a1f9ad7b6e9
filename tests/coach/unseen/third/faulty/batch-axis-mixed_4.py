# Activity recognition from three sensor channels, recurrent net in time-major layout.
import gradbook as torch
import gradbook.nn as nn
import gradbook.optim as optim
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(21)


class SensorDataset(Dataset):
    def __init__(self, size, timesteps=20, channels=3):
        self.label = torch.randint(0, 4, (size,))
        t = torch.linspace(0, 1, timesteps)
        trend = (self.label.float() - 1.5).view(-1, 1, 1) * t.view(1, -1, 1)
        raw = trend * torch.tensor([1.0, -0.5, 0.8]) + 0.3 * torch.randn(size, timesteps, channels)
        self.signal = (raw - raw.mean((0, 1))) / raw.std((0, 1))

    def __len__(self):
        return len(self.label)

    def __getitem__(self, i):
        return self.signal[i], self.label[i]


class ActivityNet(nn.Module):
    def __init__(self, channels, hidden, n_classes):
        super().__init__()
        self.rnn = nn.LSTM(channels, hidden)
        self.norm = nn.LayerNorm(hidden)
        self.out = nn.Linear(hidden, n_classes)

    def forward(self, x):
        batch, timesteps, channels = x.shape
        x = x.view(timesteps, batch, channels)  # coach: batch-axis-mixed; fix: permute(1, 0, 2)
        seq, _ = self.rnn(x)
        return self.out(self.norm(seq[-1]))


loader = DataLoader(SensorDataset(256), batch_size=32, shuffle=True)
net = ActivityNet(3, 32, 4)
optimizer = optim.AdamW(net.parameters(), lr=5e-3, weight_decay=1e-4)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(8):
    total, seen, hit = 0.0, 0, 0
    for signal, label in loader:
        logits = net(signal)
        loss = loss_fn(logits, label)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        total += loss.item() * len(label)  # coach-also: loss-plateau
        hit += (logits.argmax(-1) == label).sum().item()
        seen += len(label)
    print(f"epoch {epoch + 1}: loss {total / seen:.4f}, accuracy {hit / seen:.3f}")
