import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
ACCUM = 4


def windows(loader, k):
    """Lists of up to k micro-batches; the last list of an epoch may be shorter."""
    held = []
    for batch in loader:
        held.append(batch)
        if len(held) == k:
            yield held
            held = []
    if held:
        yield held


def accumulate_step(model, opt, micro_batches):
    total = sum(len(y) for _, y in micro_batches)
    opt.zero_grad()
    logged = 0.0
    for x, y in micro_batches:
        loss = F.cross_entropy(model(x), y, reduction="sum") / total
        loss.backward()
        logged += loss.item()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    opt.step()
    return logged


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    hits = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    model.train()
    return hits / len(loader.dataset)


w = torch.randn(14, 4)
x_tr, x_va = torch.randn(720, 14), torch.randn(160, 14)
train = DataLoader(TensorDataset(x_tr, (x_tr @ w).argmax(1)), batch_size=16, shuffle=True)
val = DataLoader(TensorDataset(x_va, (x_va @ w).argmax(1)), batch_size=40)
model = nn.Sequential(nn.Linear(14, 48), nn.ReLU(), nn.Dropout(0.1), nn.Linear(48, 4))
opt = torch.optim.AdamW(model.parameters(), lr=4e-3)
for epoch in range(6):
    losses = [accumulate_step(model, opt, group) for group in windows(train, ACCUM)]
    print(epoch, round(sum(losses) / len(losses), 3), evaluate(model, val))
