import gradbook as torch
from gradbook import nn
from gradbook.utils.data import TensorDataset, DataLoader, random_split

torch.manual_seed(4)

# three kinds of noisy waves, to be told apart
n, steps = 360, 24
kind = torch.randint(0, 3, (n,))
freq = torch.tensor([0.4, 0.9, 1.6])[kind].unsqueeze(1)
phase = torch.rand(n, 1) * 6.28
wave = torch.sin(freq * torch.arange(steps).float() + phase) + 0.1 * torch.randn(n, steps)
wave = (wave - wave.mean()) / wave.std()
data = TensorDataset(wave.unsqueeze(-1), kind)
train_set, test_set = random_split(data, [288, 72])
train_loader = DataLoader(train_set, batch_size=36, shuffle=True)
test_loader = DataLoader(test_set, batch_size=36)


class WaveClassifier(nn.Module):
    def __init__(self, hidden=24, classes=3):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Sequential(nn.Linear(2 * hidden, 32), nn.ReLU(), nn.Linear(32, classes))

    def forward(self, x):
        _, h_n = self.gru(x)
        summary = h_n.view(x.size(0), -1)  # coach: batch-axis-mixed
        return self.fc(summary)


clf = WaveClassifier()
criterion = nn.CrossEntropyLoss()
opt = torch.optim.Adam(clf.parameters(), lr=4e-3)

for epoch in range(10):
    clf.train()
    running = 0.0
    for x, y in train_loader:
        opt.zero_grad()
        loss = criterion(clf(x), y)
        loss.backward()
        opt.step()
        running += loss.item()  # coach-also: loss-plateau
    clf.eval()
    right = 0
    with torch.no_grad():
        for x, y in test_loader:
            right += (clf(x).argmax(1) == y).sum().item()
    print(f"{epoch:2d} train loss {running / len(train_loader):.3f} test acc {right / len(test_set):.3f}")
