import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(1)
data, target = torch.randn(100, 6), torch.randn(100, 1)
folds = torch.randperm(100).reshape(5, 20)


def fresh():
    return nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 1))


scores = []
same = fresh()
begun = {key: value.clone() for key, value in same.state_dict().items()}
for k in range(5):
    train_index = torch.cat([folds[j] for j in range(5) if j != k])
    for model in (fresh(), same):
        if model is same:
            same.load_state_dict(begun)
        opt = torch.optim.Adam(model.parameters(), lr=1e-2)
        for _ in range(4):
            opt.zero_grad()
            F.mse_loss(model(data[train_index]), target[train_index]).backward()
            opt.step()
        with torch.no_grad():
            val_loss = F.mse_loss(model(data[folds[k]]), target[folds[k]])
        scores.append(val_loss.item())
