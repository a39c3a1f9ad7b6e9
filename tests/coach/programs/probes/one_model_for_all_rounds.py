import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(2)
x = torch.randn(200, 9)
y = (x[:, 0] * x[:, 1] > 0).float().unsqueeze(1)
table = TensorDataset(x, y)
net = nn.Sequential(nn.Linear(9, 40), nn.Tanh(), nn.Linear(40, 1))  # coach: leak-suspected; fix: net = nn.Sequential(
bce = nn.BCEWithLogitsLoss()
rows = torch.randperm(200).tolist()
for part in range(4):
    held_out = rows[part * 50 : part * 50 + 50]
    training = [row for row in rows if row not in held_out]
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    for epoch in range(5):
        for features, wanted in DataLoader(Subset(table, training), batch_size=15, shuffle=True):
            optimizer.zero_grad()
            bce(net(features), wanted).backward()
            optimizer.step()
    with torch.no_grad():
        val_x, val_y = next(iter(DataLoader(Subset(table, held_out), batch_size=50)))
        print(part, ((net(val_x) > 0) == (val_y > 0)).float().mean().item())
