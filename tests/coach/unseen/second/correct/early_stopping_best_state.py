"""Early stopping with patience; the best weights are kept by a deep copy and restored at the end."""
import copy

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)


class EarlyStopping:
    def __init__(self, patience, min_delta=1e-4):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.bad, self.state = float("inf"), 0, None

    def __call__(self, value, model):
        if value < self.best - self.min_delta:
            self.best, self.bad = value, 0
            self.state = copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience


x = torch.randn(300, 5)
y = (x[:, :1] * x[:, 1:2]) + 0.1 * torch.randn(300, 1)
train_set, val_set = random_split(TensorDataset(x, y), [240, 60])
train = DataLoader(train_set, batch_size=40, shuffle=True)
val = DataLoader(val_set, batch_size=60)

model = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-4)
loss_fn, stopper = nn.MSELoss(), EarlyStopping(patience=3)

for epoch in range(30):
    model.train()
    for xb, yb in train:
        optimizer.zero_grad()
        loss_fn(model(xb), yb).backward()
        optimizer.step()
    model.eval()
    with torch.inference_mode():
        val_loss = sum(loss_fn(model(xb), yb).item() * len(xb) for xb, yb in val) / len(val_set)
    if epoch % 5 == 0:
        print(epoch, round(val_loss, 4))
    if stopper(val_loss, model):
        print("stopped at", epoch)
        break
model.load_state_dict(stopper.state)
print("best", round(stopper.best, 4))
