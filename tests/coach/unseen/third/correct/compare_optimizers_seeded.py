# %%
import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

SEED = 77
torch.manual_seed(SEED)
teacher = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3))
X = torch.randn(600, 8)
with torch.no_grad():
    z = teacher(X)
    y = ((z - z.mean(0)) / z.std(0)).argmax(1)
X_tr, y_tr, X_te, y_te = X[:480], y[:480], X[480:], y[480:]

# %%
recipes = {
    "sgd": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.03, momentum=0.9, nesterov=True),
    "rmsprop": lambda p: optim.RMSprop(p, lr=2e-3),
    "adamw": lambda p: optim.AdamW(p, lr=5e-3, weight_decay=1e-3),
}

# %%
def trial(make_opt, epochs=10):
    torch.manual_seed(SEED)
    student = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 3))
    opt = make_opt(student.parameters())
    ce = nn.CrossEntropyLoss()
    curve = []
    for _ in range(epochs):
        student.train()
        total = 0.0
        for xb, yb in DataLoader(TensorDataset(X_tr, y_tr), batch_size=32, shuffle=True):
            opt.zero_grad()
            loss = ce(student(xb), yb)
            loss.backward()
            opt.step()
            total += loss.item() * len(xb)
        curve.append(total / len(X_tr))
    student.eval()
    with torch.no_grad():
        acc = (student(X_te).argmax(1) == y_te).float().mean().item()
    return curve, acc

# %%
for name, recipe in recipes.items():
    curve, acc = trial(recipe)
    print(f"{name:9s} {curve[0]:.3f} -> {curve[-1]:.3f}   test acc {acc:.3f}")
