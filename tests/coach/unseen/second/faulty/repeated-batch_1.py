import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(37)
X = torch.randn(400, 6)
Y = torch.sin(X[:, :1]) - 0.5 * X[:, 1:2]
train_loader = DataLoader(TensorDataset(X, Y), batch_size=40, shuffle=True)

model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

inputs, targets = next(iter(train_loader))  # coach: repeated-batch
for epoch in range(5):
    epoch_loss = 0.0
    for i in range(len(train_loader)):
        optimizer.zero_grad()
        loss = loss_fn(model(inputs), targets)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    print(f"epoch {epoch}: train loss {epoch_loss / len(train_loader):.4f}")
# coach-also: not-shuffled, overfitting
