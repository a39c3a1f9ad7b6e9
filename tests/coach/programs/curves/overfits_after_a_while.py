import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(11)
x = torch.randn(80, 15)
y = ((x[:, 0] + 1.5 * torch.randn(80)) > 0).long()
train_set, val_set = random_split(TensorDataset(x, y), [40, 40])
train_loader = DataLoader(train_set, batch_size=20, shuffle=True)
val_loader = DataLoader(val_set, batch_size=40)
mlp = nn.Sequential(nn.Linear(15, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
adam = torch.optim.Adam(mlp.parameters(), lr=3e-3)
for epoch in range(30):  # coach: overfitting; fix: weight_decay
    mlp.train()
    for a, b in train_loader:
        adam.zero_grad()
        nn.functional.cross_entropy(mlp(a), b).backward()
        adam.step()
    mlp.eval()
    with torch.no_grad():
        for a, b in val_loader:
            print(epoch, nn.functional.cross_entropy(mlp(a), b).item())
