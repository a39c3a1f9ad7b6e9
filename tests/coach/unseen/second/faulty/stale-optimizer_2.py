import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

SEED, FOLDS, EPOCHS = 2021, 3, 12
torch.manual_seed(SEED)

train_x = torch.randn(180, 8)
train_y = (train_x[:, 0] * 1.2 - train_x[:, 3] + 0.2 * torch.randn(180)).unsqueeze(1)


def build():
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


model = build()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)  # coach: stale-optimizer

folds = torch.arange(180) % FOLDS
oof = torch.zeros(180, 1)
for fold in range(FOLDS):
    model = build()
    trn, val = folds != fold, folds == fold
    for epoch in range(EPOCHS):
        model.train()
        optimizer.zero_grad()
        loss = F.mse_loss(model(train_x[trn]), train_y[trn])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        oof[val] = model(train_x[val])
    print(f"FOLD {fold}: train {loss.item():.4f} valid {F.mse_loss(oof[val], train_y[val]).item():.4f}")
print("CV", F.mse_loss(oof, train_y).item())
# coach-also: missing-zero-grad, loss-plateau
