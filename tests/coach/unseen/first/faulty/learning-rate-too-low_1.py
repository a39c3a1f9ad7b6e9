import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(200, 6)
y = X[:, :3].argmax(1)
model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=1e-7)  # coach: learning-rate-too-low; fix: lr=
ce = nn.CrossEntropyLoss()
for epoch in range(8):
    for xb, yb in DataLoader(TensorDataset(X, y), batch_size=25, shuffle=True):
        optimizer.zero_grad()
        loss = ce(model(xb), yb)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
# coach-also: update-ratio-low, loss-plateau
