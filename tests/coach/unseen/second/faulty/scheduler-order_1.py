import gradbook as torch
from gradbook import nn, optim
from gradbook.optim.lr_scheduler import StepLR
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(29)
X = torch.randn(240, 5)
y = X[:, :3].argmax(1)
loader = DataLoader(TensorDataset(X, y), batch_size=40, shuffle=True)
model = nn.Sequential(nn.Linear(5, 20), nn.ReLU(), nn.Linear(20, 3))
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
scheduler = StepLR(optimizer, step_size=3, gamma=0.5)

for epoch in range(8):
    scheduler.step()  # coach: scheduler-order
    running = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        running += loss.item()
    print(epoch, scheduler.get_last_lr(), running / len(loader))
