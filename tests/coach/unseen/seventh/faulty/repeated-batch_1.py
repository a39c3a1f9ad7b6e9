# song popularity (hit or not) from 9 spotify-like features
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(27)

songs = torch.randn(640, 9)
hit = ((songs[:, 0] * 1.3 + songs[:, 4] - songs[:, 7] + 0.5 * torch.randn(640)) > 0).long()
loader = DataLoader(TensorDataset(songs[:512], hit[:512]), batch_size=32, shuffle=True)
test_songs, test_hit = songs[512:], hit[512:]

# look at one batch first
xb, yb = next(iter(loader))
print(xb.shape, yb.shape, yb[:10].tolist())

model = nn.Sequential(nn.Linear(9, 32), nn.ReLU(), nn.Linear(32, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.002)

for epoch in range(6):
    model.train()
    running_loss = 0.0
    for i, (x, y) in enumerate(loader):  # coach: repeated-batch; fix: (xb, yb)
        optimizer.zero_grad()
        out = model(xb)  # coach-line: repeated-batch
        loss = criterion(out, yb)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    model.eval()
    with torch.no_grad():
        acc = (model(test_songs).argmax(1) == test_hit).float().mean().item()
    print(f"epoch {epoch + 1} loss {running_loss / len(loader):.3f} test acc {acc:.3f}")
