import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(71)

# sequence classification: does the series trend up, down or oscillate
n, T = 450, 15
label = torch.randint(0, 3, (n,))
t = torch.linspace(0, 1, T)
up, down, osc = t, 1 - t, 0.5 + 0.5 * torch.sin(12 * t)
series = torch.stack([up, down, osc])[label] + 0.15 * torch.randn(n, T)
series = ((series - series.mean()) / series.std()).unsqueeze(-1)

train_loader = DataLoader(TensorDataset(series[:360], label[:360]), batch_size=30, shuffle=True)


class TrendLSTM(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 3)

    def forward(self, x):
        _, (h, _) = self.lstm(x)
        return self.fc(h[-1])


model = TrendLSTM()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

for epoch in range(8):
    model.train()
    total = 0.0
    for s, l in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(s), l)
        loss.backward()  # coach-also: loss-plateau
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1e-4)  # coach: update-ratio-low; fix: max_norm=
        optimizer.step()  # coach-also: learning-rate-too-low
        total += loss.item()
    model.eval()
    with torch.no_grad():
        acc = (model(series[360:]).argmax(1) == label[360:]).float().mean().item()
    print(f"epoch {epoch} loss {total / len(train_loader):.4f} acc {acc:.3f}")
