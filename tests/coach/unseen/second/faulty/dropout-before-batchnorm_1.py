import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(73)
X = torch.randn(320, 14)
y = (X[:, 0] - X[:, 7] > 0).long()
loader = DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True)

model = nn.Sequential(
    nn.Linear(14, 48, bias=False),
    nn.Dropout(0.3),  # coach: dropout-before-batchnorm
    nn.BatchNorm1d(48),
    nn.ReLU(),
    nn.Linear(48, 2),
)
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(5):
    model.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
