import copy
from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Subset, TensorDataset


@dataclass
class CVConfig:
    folds: int = 4
    max_epochs: int = 25
    patience: int = 3
    batch_size: int = 48
    lr: float = 3e-3
    seed: int = 7


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.best, self.bad, self.state = patience, float("inf"), 0, None

    def update(self, value, model):
        if value < self.best - 1e-4:
            self.best, self.bad, self.state = value, 0, copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience


def new_model(d):
    return nn.Sequential(nn.Linear(d, 32), nn.SiLU(), nn.Dropout(0.1), nn.Linear(32, 1))


def validate(model, loader, loss_fn):
    model.eval()
    with torch.no_grad():
        total = sum(loss_fn(model(x), y).item() * len(x) for x, y in loader)
    return total / len(loader.dataset)


def run_fold(cfg, data, train_idx, val_idx):
    train_dl = DataLoader(Subset(data, train_idx), batch_size=cfg.batch_size, shuffle=True)
    val_dl = DataLoader(Subset(data, val_idx), batch_size=200)
    model = new_model(data.tensors[0].shape[1])
    opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=1e-2)
    loss_fn, stopper = nn.MSELoss(), EarlyStopping(cfg.patience)
    for epoch in range(cfg.max_epochs):
        model.train()
        for x, y in train_dl:
            opt.zero_grad()
            loss_fn(model(x), y).backward()
            opt.step()
        if stopper.update(validate(model, val_dl, loss_fn), model):
            break
    model.load_state_dict(stopper.state)
    return validate(model, val_dl, loss_fn), epoch + 1


if __name__ == "__main__":
    cfg = CVConfig()
    torch.manual_seed(cfg.seed)
    x = torch.randn(600, 6)
    target = torch.sin(1.5 * x[:, 0]) + 0.5 * x[:, 1] + 0.3 * torch.randn(600)
    data = TensorDataset(x, target.unsqueeze(1))
    parts = torch.randperm(len(data)).chunk(cfg.folds)
    for k in range(cfg.folds):
        rest = torch.cat([p for j, p in enumerate(parts) if j != k]).tolist()
        score, epochs = run_fold(cfg, data, rest, parts[k].tolist())
        print(f"fold {k}: mse {score:.4f} after {epochs} epochs")
