# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(15)
ORDER = 5

# %%
x = [0.0, 0.1]
for e in (0.3 * torch.randn(500)).tolist():
    x.append(1.4 * x[-1] - 0.7 * x[-2] + 0.3 * x[-1] / (1 + abs(x[-1])) + e)
x = torch.tensor(x[50:])
x = (x - x[:350].mean()) / x[:350].std()
lags = x.unfold(0, ORDER + 1, 1)
past, future = lags[:, :ORDER], lags[:, ORDER]
cut = 345
fit_past, fit_future = past[:cut], future[:cut]
val_past, val_future = past[cut + ORDER:], future[cut + ORDER:]


# %%
class NeuralAR(nn.Module):
    """linear autoregression plus a small correction"""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(ORDER, 1)
        self.hidden = nn.Linear(ORDER, 6)
        self.correction = nn.Linear(6, 1, bias=False)

    def forward(self, past):
        return (self.linear(past) + self.correction(torch.tanh(self.hidden(past)))).squeeze(-1)


# %% [r1]
torch.manual_seed(15)
ar = NeuralAR()
optimizer = torch.optim.LBFGS(ar.parameters(), lr=0.5, max_iter=5, history_size=10, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    loss = F.mse_loss(ar(fit_past), fit_future) + 1e-3 * sum(p.pow(2).sum() for p in ar.parameters())
    loss.backward()
    return loss


for outer in range(7):
    objective = optimizer.step(closure)
    with torch.no_grad():
        val = F.mse_loss(ar(val_past), val_future)
    print(f"{outer}: objective {objective.item():.4f} validation {val.item():.4f}")

# %% [r1] rerun
