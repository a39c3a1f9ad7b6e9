# classify 1-d heart beats (normal / fast / irregular) with a small conv net, trained from scratch
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(88)

t = torch.linspace(0, 1, 40)
kind = torch.randint(0, 3, (360,))
freq = torch.tensor([3.0, 7.0, 5.0])[kind].unsqueeze(1)
phase = torch.rand(360, 1) * 6.28
beats = torch.sin(6.28 * freq * t + phase)
wobble = torch.randn(360, 40) * (kind == 2).float().unsqueeze(1)
beats = beats + 0.1 * torch.randn(360, 40) + 0.7 * wobble
beats = ((beats - beats[:300].mean()) / beats[:300].std()).unsqueeze(1)

train_loader = DataLoader(TensorDataset(beats[:300], kind[:300]), batch_size=30, shuffle=True)

model = nn.Sequential(
    nn.Conv1d(1, 8, 5), nn.ReLU(), nn.MaxPool1d(2),
    nn.Conv1d(8, 16, 5), nn.ReLU(), nn.MaxPool1d(2),
    nn.Flatten(),
    nn.Linear(16 * 7, 3),
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-7)  # coach: update-ratio-low; fix: lr=
criterion = nn.CrossEntropyLoss()

for epoch in range(10):
    model.train()
    running = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)  # coach-also: learning-rate-too-low
        loss.backward()
        optimizer.step()
        running += loss.item()
    model.eval()
    with torch.no_grad():
        acc = (model(beats[300:]).argmax(1) == kind[300:]).float().mean().item()
    print(epoch, "loss", round(running / len(train_loader), 5), "acc", round(acc, 3))  # coach-also: loss-plateau
