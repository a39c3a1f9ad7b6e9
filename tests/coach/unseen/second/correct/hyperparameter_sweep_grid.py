"""Grid search over width and learning rate; nothing is shared between the trials but the data."""
import itertools
from dataclasses import dataclass, replace

import gradbook as torch
from gradbook import nn


@dataclass(frozen=True)
class Trial:
    width: int = 16
    lr: float = 1e-2
    epochs: int = 6
    seed: int = 0


torch.manual_seed(123)
X = torch.randn(220, 5)
Y = torch.sin(X[:, :1]) + 0.5 * X[:, 1:2].abs()
Y = (Y - Y[:160].mean()) / Y[:160].std()


def run(trial):
    torch.manual_seed(trial.seed)
    model = nn.Sequential(nn.Linear(5, trial.width), nn.ReLU(), nn.Linear(trial.width, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=trial.lr)
    loss_fn = nn.MSELoss()
    for _ in range(trial.epochs):
        for idx in torch.randperm(160).split(20):
            optimizer.zero_grad()
            loss_fn(model(X[idx]), Y[idx]).backward()
            optimizer.step()
    model.eval()
    with torch.inference_mode():
        return loss_fn(model(X[:160]), Y[:160]).item(), loss_fn(model(X[160:]), Y[160:]).item()


results = {}
for width, lr in itertools.product([8, 32], [3e-3, 1e-2, 3e-2]):
    trial = replace(Trial(), width=width, lr=lr)
    train_mse, val_mse = run(trial)
    results[trial] = val_mse
    print(f"width {width:2d} lr {lr:.0e}  train {train_mse:.4f}  val {val_mse:.4f}")
best = min(results, key=results.get)
print("best:", best)
