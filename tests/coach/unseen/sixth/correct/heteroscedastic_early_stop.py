import copy
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(303)

# growth rate vs nutrient and temperature, noise grows with temperature
x = torch.randn(600, 2)
noise = 0.05 + 0.25 * torch.sigmoid(x[:, 1:])
y = torch.tanh(x[:, :1]) * torch.exp(-0.3 * x[:, 1:] ** 2) + noise * torch.randn(600, 1)

train_dl = DataLoader(TensorDataset(x[:450], y[:450]), batch_size=45, shuffle=True)
x_val, y_val = x[450:], y[450:]


class MeanVar(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU())
        self.mean = nn.Linear(32, 1)
        self.log_var = nn.Linear(32, 1)

    def forward(self, x):
        h = self.body(x)
        return self.mean(h), self.log_var(h)


def nll(mean, log_var, y):
    # Gaussian negative log likelihood; may well go below zero
    return 0.5 * (log_var + (y - mean) ** 2 * torch.exp(-log_var)).mean()


model = MeanVar()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
best, best_state, patience = float("inf"), None, 0
for epoch in range(40):
    model.train()
    for xb, yb in train_dl:
        loss = nll(*model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        v = nll(*model(x_val), y_val).item()
    if v < best - 1e-3:
        best, best_state, patience = v, copy.deepcopy(model.state_dict()), 0
    else:
        patience += 1
        if patience == 5:
            print("early stop at", epoch)
            break
model.load_state_dict(best_state)
print("best val nll %.3f" % best)
