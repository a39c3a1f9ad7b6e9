# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(30)
patients = torch.randn(900, 10)
risk = torch.tanh(patients[:, 0] * patients[:, 1]) + 0.5 * patients[:, 2] + 0.1 * torch.randn(900)
full = TensorDataset(patients, risk.unsqueeze(1))
train_part, val_part = random_split(full, [720, 180])
train_dl = DataLoader(train_part, batch_size=60, shuffle=True)
val_dl = DataLoader(val_part, batch_size=180)

# %%
net = nn.Sequential(
    nn.Linear(10, 64),
    nn.ReLU(),
    nn.Dropout(0.3),  # coach: dropout-before-batchnorm
    nn.BatchNorm1d(64),  # coach-line: dropout-before-batchnorm
    nn.Linear(64, 32),
    nn.ReLU(),
    nn.Linear(32, 1),
)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
mse = nn.MSELoss()

# %%
for epoch in range(6):
    net.train()
    for x, y in train_dl:
        opt.zero_grad()
        loss = mse(net(x), y)
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        val = sum(mse(net(x), y).item() for x, y in val_dl) / len(val_dl)
    print(f"epoch {epoch}  train {loss.item():.3f}  val {val:.3f}")
