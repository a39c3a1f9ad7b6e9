import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F


def iterate(x, y, batch_size, shuffle=False):
    if shuffle:
        order = torch.randperm(len(x))
        x = x[order]  # coach: loss-plateau; fix: y[order]
    for start in range(0, len(x), batch_size):
        yield x[start:start + batch_size], y[start:start + batch_size]  # coach-line: loss-plateau


def make_problem(n, dim=10, classes=3):
    centers = 1.5 * torch.randn(classes, dim)
    y = torch.randint(0, classes, (n,))
    return centers[y] + torch.randn(n, dim), y


def train_step(model, opt, xb, yb):
    loss = F.cross_entropy(model(xb), yb)
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    return loss.item()


@torch.no_grad()
def eval_step(model, xb, yb):
    logits = model(xb)
    return F.cross_entropy(logits, yb).item(), (logits.argmax(1) == yb).float().mean().item()


torch.manual_seed(9)
x, y = make_problem(1200)
x = (x - x.mean(0)) / x.std(0)
(x_train, y_train), (x_val, y_val) = (x[:960], y[:960]), (x[960:], y[960:])

model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 3))
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(12):  # coach-also: cannot-overfit-batch
    model.train()
    losses = [train_step(model, opt, xb, yb) for xb, yb in iterate(x_train, y_train, 48, shuffle=True)]
    model.eval()
    val = [eval_step(model, xb, yb) for xb, yb in iterate(x_val, y_val, 48)]
    val_loss, val_acc = (sum(col) / len(val) for col in zip(*val))
    print(f"{epoch:2d} train {sum(losses) / len(losses):.3f} val {val_loss:.3f} acc {val_acc:.3f}")
