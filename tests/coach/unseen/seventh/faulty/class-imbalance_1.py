# rare bird detector: 4 % of the recordings contain a bittern
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)

N, D = 1500, 10
is_bittern = (torch.rand(N) < 0.04).long()
sound = torch.randn(N, D)
sound[is_bittern == 1, :3] += 0.7

split = 1200
mean, std = sound[:split].mean(0), sound[:split].std(0)
sound = (sound - mean) / std
train_ds = TensorDataset(sound[:split], is_bittern[:split])
train_dl = DataLoader(train_ds, batch_size=50, shuffle=True)  # coach-line: class-imbalance
test_x, test_y = sound[split:], is_bittern[split:]

model = nn.Sequential(nn.Linear(D, 16), nn.ReLU(), nn.Linear(16, 2))
criterion = nn.CrossEntropyLoss()  # coach: class-imbalance; fix: weight=
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(1, 9):
    model.train()
    for x, y in train_dl:
        optimizer.zero_grad()
        out = model(x)
        loss = criterion(out, y)
        loss.backward()
        optimizer.step()

    model.eval()
    with torch.no_grad():
        pred = model(test_x).argmax(dim=1)  # coach-also: constant-predictions
    acc = (pred == test_y).float().mean().item()
    print(f"epoch {epoch}  accuracy {acc:.1%}  birds found {(pred[test_y == 1] == 1).sum().item()}/{(test_y == 1).sum().item()}")
