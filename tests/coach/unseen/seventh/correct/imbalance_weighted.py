# meteor or plane? only few meteors, so the loss is weighted
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(48)

meteor = (torch.rand(1200) < 0.08).long()
light = torch.randn(1200, 6)
light[meteor == 1, :3] += 1.2
tr, te = slice(0, 1000), slice(1000, 1200)
light = (light - light[tr].mean(0)) / light[tr].std(0)
counts = torch.bincount(meteor[tr], minlength=2).float()
weights = counts.sum() / (2 * counts)
print("class counts", counts.tolist(), "weights", weights.tolist())

loader = DataLoader(TensorDataset(light[tr], meteor[tr]), batch_size=50, shuffle=True, drop_last=True)
net = nn.Sequential(
    nn.Linear(6, 24, bias=False),
    nn.BatchNorm1d(24),
    nn.ReLU(),
    nn.Dropout(0.2),
    nn.Linear(24, 2),
)
criterion = nn.CrossEntropyLoss(weight=weights)
optimizer = torch.optim.Adam(net.parameters(), lr=0.005)

for epoch in range(10):
    net.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        pred = net(light[te]).argmax(1)
    truth = meteor[te]
    recall = (pred[truth == 1] == 1).float().mean().item()
    spec = (pred[truth == 0] == 0).float().mean().item()
    print(f"epoch {epoch}: meteors found {recall:.2f}, planes right {spec:.2f}")
