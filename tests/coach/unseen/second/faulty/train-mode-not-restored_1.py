import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
X = torch.randn(360, 10)
y = X[:, :4].argmax(dim=1)
train_loader = DataLoader(TensorDataset(X[:300], y[:300]), batch_size=30, shuffle=True)
test_loader = DataLoader(TensorDataset(X[300:], y[300:]), batch_size=60)

model = nn.Sequential(nn.Linear(10, 48), nn.ReLU(), nn.Dropout(0.4), nn.Linear(48, 4))
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=2e-3)

model.train()  # coach: train-mode-not-restored
for epoch in range(4):
    train_loss = 0.0
    for data, target in train_loader:
        optimizer.zero_grad()
        output = model(data)
        loss = criterion(output, target)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()

    model.eval()
    test_loss = 0.0
    with torch.no_grad():
        for data, target in test_loader:
            test_loss += criterion(model(data), target).item()
    print('Epoch: {} \tTrain: {:.4f} \tTest: {:.4f}'.format(epoch + 1, train_loss / len(train_loader), test_loss))
