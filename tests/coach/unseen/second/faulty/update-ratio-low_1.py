import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(53)
X = torch.randn(320, 7)
y = (X[:, :3].sum(1) > 0).long()
dataset = TensorDataset(X, y)
loader = DataLoader(dataset, batch_size=32, shuffle=True)

net = nn.Sequential(nn.Linear(7, 24), nn.ReLU(), nn.Linear(24, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
loss_fn = nn.CrossEntropyLoss()


def training_loss(xb, yb):
    return loss_fn(net(xb), yb) / len(dataset) / len(loader)  # coach: update-ratio-low


for epoch in range(5):
    shown = 0.0
    for xb, yb in loader:
        loss = training_loss(xb, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        shown += loss.item()
    print(f"epoch {epoch}: {shown:.6f}")
# coach-also: learning-rate-too-low, loss-plateau, vanishing-gradients, suspicious-initial-loss
