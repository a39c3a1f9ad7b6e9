import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, random_split


def l1_penalty(model):
    return sum(p.abs().sum() for name, p in model.named_parameters() if name.endswith("weight"))


def train_step(model, opt, x, y):
    task = F.cross_entropy(model(x), y)
    penalty = l1_penalty(model)
    loss = task + 0.05 * penalty  # coach: regularisation-dominates
    opt.zero_grad()
    loss.backward()
    opt.step()
    return {"loss": loss.item(), "task": task.item(), "l1": penalty.item()}


@torch.no_grad()
def eval_step(model, loader):
    model.eval()
    hits = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    model.train()
    return hits / len(loader.dataset)


torch.manual_seed(90)
x = torch.randn(1000, 24)
y = (x[:, :6] @ torch.randn(6, 4)).argmax(1)  # coach-also: constant-predictions
train, val = random_split(TensorDataset(x, y), [800, 200])
train_loader = DataLoader(train, batch_size=50, shuffle=True)
val_loader = DataLoader(val, batch_size=50)

model = nn.Sequential(nn.Linear(24, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(6):
    logs = [train_step(model, opt, xb, yb) for xb, yb in train_loader]
    means = {k: round(sum(d[k] for d in logs) / len(logs), 3) for k in logs[0]}
    print(epoch, means, "val acc", eval_step(model, val_loader))
