import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

x = torch.randn(200, 8)
y = (x[:, 0] > 0).long()
train_loader = DataLoader(TensorDataset(x, y), batch_size=20)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(30):
    inputs, labels = next(iter(train_loader))  # coach: repeated-batch; fix: for inputs, labels in train_loader:
    loss = nn.functional.cross_entropy(model(inputs), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
