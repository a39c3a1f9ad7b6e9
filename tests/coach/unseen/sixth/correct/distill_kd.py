"""Hinton-style distillation: train a teacher, freeze it, match softened logits."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)
K, D, TAU = 5, 12, 3.0
mu = torch.randn(K, D)
y = torch.arange(1200) % K
x = mu[y] + 0.9 * torch.randn(1200, D)
x = (x - x[:960].mean(0)) / x[:960].std(0)
tr, va = TensorDataset(x[:960], y[:960]), TensorDataset(x[960:], y[960:])
tr_dl, va_dl = DataLoader(tr, 60, shuffle=True), DataLoader(va, 120)


def net(width, p=0.0):
    return nn.Sequential(nn.Linear(D, width), nn.ReLU(), nn.Dropout(p), nn.Linear(width, K))


@torch.no_grad()
def accuracy(model):
    was = model.training
    model.eval()
    good = sum((model(a).argmax(1) == b).sum().item() for a, b in va_dl)
    model.train(was)
    return good / len(va)


def fit(model, objective, epochs, lr):
    opt = torch.optim.AdamW(model.parameters(), lr=lr)
    model.train()
    for ep in range(epochs):
        for xb, yb in tr_dl:
            loss = objective(model(xb), xb, yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
        print(f"  {ep}  loss {loss.item():.3f}  val {accuracy(model):.3f}")


teacher = net(96, p=0.2)
print("teacher")
fit(teacher, lambda out, xb, yb: F.cross_entropy(out, yb), 4, 2e-3)
teacher.eval()
for p in teacher.parameters():
    p.requires_grad = False


def kd(out, xb, yb, alpha=0.7):
    with torch.no_grad():
        soft = F.softmax(teacher(xb) / TAU, dim=1)
    match = F.kl_div(F.log_softmax(out / TAU, dim=1), soft, reduction="batchmean") * TAU ** 2
    return alpha * match + (1 - alpha) * F.cross_entropy(out, yb)


print("student")
student = net(16)
fit(student, kd, 5, 4e-3)
