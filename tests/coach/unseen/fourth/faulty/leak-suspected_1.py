# House prices: hold-out evaluation of a small MLP
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(2024)
n, n_train = 500, 400
raw = torch.rand(n, 8)
price = 3 * raw[:, 0] + raw[:, 1] * raw[:, 2] * 4 - raw[:, 3] + 0.3 * torch.randn(n)

train_rows = torch.randperm(n)[:n_train]  # coach-line: leak-suspected
valid_rows = torch.randperm(n)[n_train:]  # coach: leak-suspected

mu, sd = raw[train_rows].mean(0), raw[train_rows].std(0)
pm, ps = price[train_rows].mean(), price[train_rows].std()
everything = TensorDataset((raw - mu) / sd, ((price - pm) / ps).unsqueeze(1))
train_dl = DataLoader(Subset(everything, train_rows.tolist()), batch_size=40, shuffle=True)
valid_dl = DataLoader(Subset(everything, valid_rows.tolist()), batch_size=100)

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=5e-3)


def run(dl, train):
    model.train(train)
    total, count = 0.0, 0
    with torch.set_grad_enabled(train):
        for x, y in dl:
            loss = nn.functional.mse_loss(model(x), y)
            if train:
                opt.zero_grad()
                loss.backward()
                opt.step()
            total += loss.item() * len(x)
            count += len(x)
    return total / count


for epoch in range(15):
    tr = run(train_dl, True)
    va = run(valid_dl, False)
    print(f"{epoch:02d} train {tr:.3f} valid {va:.3f}")
