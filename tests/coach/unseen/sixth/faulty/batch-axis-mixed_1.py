"""Student project: tell rising from falling sensor traces with a GRU."""
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(11)


class Traces(Dataset):
    """Each item: (20 time steps, 2 sensors) and a class 0/1/2."""

    def __init__(self, n):
        kind = torch.randint(0, 3, (n,))
        slope = (kind - 1).float()
        t = torch.linspace(-1, 1, 20)
        clean = slope[:, None] * t[None, :]
        self.x = torch.stack([clean, -0.5 * clean], dim=2) + 0.3 * torch.randn(n, 20, 2)
        self.y = kind

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class TraceGRU(nn.Module):
    def __init__(self, n_sensors=2, hidden=16, n_classes=3):
        super().__init__()
        self.gru = nn.GRU(n_sensors, hidden)
        self.fc = nn.Linear(hidden, n_classes)

    def forward(self, x):
        batch, steps, sensors = x.shape
        x = x.view(steps, batch, sensors)  # coach: batch-axis-mixed
        out, h = self.gru(x)
        return self.fc(h[-1])


train_dl = DataLoader(Traces(320), batch_size=32, shuffle=True)
net = TraceGRU()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)

for epoch in range(6):
    running = 0.0
    for x, y in train_dl:
        loss = F.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        running += loss.item()  # coach-also: batch-leak
    print(epoch, round(running / len(train_dl), 4))  # coach-also: loss-plateau
