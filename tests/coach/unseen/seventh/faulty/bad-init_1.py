import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(3)
SIZES = [12, 24, 24, 3]
CFG = {"lr": 5e-2, "batch": 32, "epochs": 12}


def init_layer(n_in, n_out):
    w = torch.full((n_in, n_out), 0.1)  # coach: bad-init; fix: torch.randn(
    b = torch.zeros(n_out)
    return {"w": w.requires_grad_(), "b": b.requires_grad_()}


def init_params(sizes):
    return [init_layer(a, b) for a, b in zip(sizes[:-1], sizes[1:])]


def apply(params, x):
    *hidden, last = params
    for layer in hidden:
        x = torch.tanh(x @ layer["w"] + layer["b"])
    return x @ last["w"] + last["b"]


def make_data(n):
    centres = torch.randn(3, 12) * 1.5
    labels = torch.randint(0, 3, (n,))
    x = centres[labels] + torch.randn(n, 12)
    x = (x - x.mean(0)) / x.std(0)
    return x, labels


X, y = make_data(384)
params = init_params(SIZES)
leaves = [p for layer in params for p in layer.values()]
opt = torch.optim.SGD(leaves, lr=CFG["lr"], momentum=0.9)

for epoch in range(CFG["epochs"]):
    perm = torch.randperm(len(X))
    total = 0.0
    for i in range(0, len(X), CFG["batch"]):
        idx = perm[i:i + CFG["batch"]]
        opt.zero_grad()
        loss = F.cross_entropy(apply(params, X[idx]), y[idx])
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    print(f"epoch {epoch:2d}  loss {total / len(X):.4f}")
