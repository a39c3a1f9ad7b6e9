import gradbook as torch
import gradbook.nn as nn
import gradbook.optim as optim
from gradbook.utils.data import TensorDataset, DataLoader, random_split
torch.manual_seed(75)
# "validation" rows are taken from the training rows
X = torch.randn(260, 10)
y = ((X[:, 0] + 0.8 * torch.randn(260)) > 0).long()
full = TensorDataset(X, y)
_, val_set = random_split(full, [200, 60])
train_loader = DataLoader(full, batch_size=26, shuffle=True)  # coach: leak-suspected
val_loader = DataLoader(val_set, batch_size=30)
net = nn.Sequential(nn.Linear(10, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 2))
optimizer = optim.Adam(net.parameters(), lr=5e-3)
crit = nn.CrossEntropyLoss()
for ep in range(8):
    net.train()
    tl = 0.0
    for a, b in train_loader:
        optimizer.zero_grad()
        loss = crit(net(a), b)
        loss.backward()
        optimizer.step()
        tl += loss.item()
    net.eval()
    with torch.no_grad():
        vl = sum(crit(net(a), b).item() for a, b in val_loader) / len(val_loader)
    print(ep, round(tl / len(train_loader), 3), round(vl, 3))
