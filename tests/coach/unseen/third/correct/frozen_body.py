"""Transfer learning exercise: keep the trained body as it is, only train a new output layer."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(102)
latent = torch.randn(4, 16)


def task(n, n_classes):
    centres = torch.randn(n_classes, 4)
    y = torch.arange(n) % n_classes
    x = (centres[y] + 0.4 * torch.randn(n, 4)) @ latent
    return DataLoader(TensorDataset((x - x.mean(0)) / x.std(0), y), batch_size=32, shuffle=True)


def run_epoch(model, loader, optimizer):
    criterion = nn.CrossEntropyLoss()
    losses = []
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


model = nn.Sequential(
    nn.Linear(16, 32), nn.ReLU(),
    nn.Linear(32, 32), nn.ReLU(),
    nn.Linear(32, 6),
)

big_task = task(480, 6)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(4):
    print(f"pretraining {epoch}: {run_epoch(model, big_task, optimizer):.4f}")

for p in model.parameters():
    p.requires_grad = False
model[4] = nn.Linear(32, 3)

small_task = task(192, 3)
optimizer = torch.optim.SGD(model[4].parameters(), lr=0.05, momentum=0.9)
for epoch in range(6):
    print(f"new head {epoch}: {run_epoch(model, small_task, optimizer):.4f}")

trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
print("trainable parameters:", trainable)
