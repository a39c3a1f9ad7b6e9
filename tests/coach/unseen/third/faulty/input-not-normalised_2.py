# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

# %%
torch.manual_seed(4)
n = 800
age = 20 + 50 * torch.rand(n)
income = 15000 + 70000 * torch.rand(n)
debt = 20000 * torch.rand(n)
years_employed = (age - 20) * torch.rand(n)
merit = (income - 50000) / 20000 - (debt - 10000) / 5000 + (years_employed - 12) / 9
approved = (merit + 0.3 * torch.randn(n) > 0).long()

# %%
table = torch.stack([age, income, debt, years_employed], dim=1)  # coach: input-not-normalised; fix: .std(
split = int(0.8 * n)
train_dl = DataLoader(TensorDataset(table[:split], approved[:split]), batch_size=64, shuffle=True)  # coach-line: input-not-normalised
x_val, y_val = table[split:], approved[split:]

# %%
net = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)

# %%
for epoch in range(15):
    net.train()
    total = 0.0
    for xb, yb in train_dl:
        loss = loss_fn(net(xb), yb)  # coach-also: suspicious-initial-loss
        opt.zero_grad()
        loss.backward()  # coach-also: exploding-gradients
        opt.step()
        total += loss.item()
    net.eval()  # coach-also: dead-relu
    with torch.no_grad():
        acc = (net(x_val).argmax(1) == y_val).float().mean().item()
    print(f"{epoch:2d}  loss {total / len(train_dl):9.3f}  val acc {acc:.3f}")
