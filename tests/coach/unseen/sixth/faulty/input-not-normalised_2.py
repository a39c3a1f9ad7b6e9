# surrogate for the equation of state: (T [K], p [hPa], humidity) -> air density (standardised)
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)

n = 800
T = 250 + 80 * torch.rand(n)
p = 700 + 500 * torch.rand(n)
hum = torch.rand(n)
rho = 100 * p / (287.05 * T) * (1 - 0.02 * hum)
target = ((rho - rho.mean()) / rho.std()).unsqueeze(1)

state = torch.stack([T, p, hum], dim=1)  # coach: input-not-normalised; fix: .std(

train_dl = DataLoader(TensorDataset(state[:640], target[:640]), batch_size=32, shuffle=True)  # coach-line: input-not-normalised
val_x, val_y = state[640:], target[640:]

surrogate = nn.Sequential(
    nn.Linear(3, 32), nn.ReLU(),
    nn.Linear(32, 32), nn.ReLU(),
    nn.Linear(32, 1),
)
mse = nn.MSELoss()
opt = torch.optim.Adam(surrogate.parameters(), lr=1e-3)

for epoch in range(12):
    surrogate.train()
    acc = 0.0
    for s, t in train_dl:
        opt.zero_grad()
        loss = mse(surrogate(s), t)
        loss.backward()
        opt.step()
        acc += loss.item()
    surrogate.eval()
    with torch.no_grad():
        v = mse(surrogate(val_x), val_y).item()
    print(f"epoch {epoch:2d}  train {acc / len(train_dl):10.3f}  val {v:10.3f}")
