import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(29)

# defect detection: few of the parts are broken
n_ok, n_bad = 970, 30
ok = torch.randn(n_ok, 12)
broken = torch.randn(n_bad, 12) + 0.7
x = torch.cat([ok, broken])
y = torch.cat([torch.zeros(n_ok), torch.ones(n_bad)]).long()
x = (x - x.mean(0)) / x.std(0)

loader = DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True)  # coach-line: class-imbalance
net = nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Linear(16, 2))
criterion = nn.CrossEntropyLoss()  # coach: class-imbalance; fix: weight=
opt = torch.optim.Adam(net.parameters(), lr=1e-3)

for epoch in range(6):
    right = 0
    for xb, yb in loader:
        opt.zero_grad()
        out = net(xb)
        loss = criterion(out, yb)
        loss.backward()
        opt.step()
        right += (out.argmax(1) == yb).sum().item()
    acc = right / len(y)  # coach-also: constant-predictions
    print(f"epoch {epoch}: accuracy {acc:.3f}")

net.eval()
with torch.no_grad():
    found = net(x).argmax(1)[y == 1].sum().item()
print("broken parts found:", found, "of", n_bad)
