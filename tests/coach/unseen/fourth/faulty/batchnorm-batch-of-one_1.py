# Energy regression with a normalised MLP
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)
rooms = torch.randn(257, 6)
kwh = rooms[:, :1] * 0.7 - rooms[:, 1:2].abs() + 0.8 + 0.1 * torch.randn(257, 1)

train_set = TensorDataset(rooms, kwh)
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)  # coach: batchnorm-batch-of-one; fix: drop_last=True

model = nn.Sequential(
    nn.Linear(6, 32, bias=False),
    nn.BatchNorm1d(32),
    nn.ReLU(),
    nn.Linear(32, 1),
)
criterion = nn.SmoothL1Loss()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)

model.train()
for epoch in range(5):
    epoch_loss = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        prediction = model(x)
        loss = criterion(prediction, y)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    print(f"Epoch {epoch + 1}: {epoch_loss / len(train_loader):.4f}")
