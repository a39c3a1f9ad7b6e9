import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(101)


def glorot(n_in, n_out):
    return torch.randn(n_in, n_out) * (2.0 / (n_in + n_out)) ** 0.5


def init(dims):
    return [
        {"w": glorot(i, o).requires_grad_(), "b": torch.zeros(o).requires_grad_()}
        for i, o in zip(dims, dims[1:])
    ]


def apply(params, x):
    for layer in params[:-1]:
        x = torch.relu(torch.einsum("bi,io->bo", x, layer["w"]) + layer["b"])
    return torch.einsum("bi,io->bo", x, params[-1]["w"]) + params[-1]["b"]


def loss_fn(params, x, y):
    return F.cross_entropy(apply(params, x), y)


def value_and_grad(params, x, y):
    flat = [p for layer in params for p in layer.values()]
    value = loss_fn(params, x, y)
    return value.item(), torch.autograd.grad(value, flat)


def sgd_update(params, grads, lr):
    grads = iter(grads)
    fresh = []
    for layer in params:
        fresh.append({k: (p.detach() - lr * next(grads)).requires_grad_() for k, p in layer.items()})
    return fresh


mu = torch.randn(4, 10) * 1.3
labels = torch.randint(0, 4, (500,))
x = mu[labels] + torch.randn(500, 10)
m, s = x[:400].mean(0), x[:400].std(0)
x = (x - m) / s

params = init([10, 32, 32, 4])
for epoch in range(10):
    values = []
    for rows in torch.randperm(400).split(40):
        value, grads = value_and_grad(params, x[rows], labels[rows])
        params = sgd_update(params, grads, lr=0.1)
        values.append(value)
    with torch.no_grad():
        acc = (apply(params, x[400:]).argmax(1) == labels[400:]).float().mean().item()
    print(f"epoch {epoch}: loss {sum(values) / len(values):.3f} held-out acc {acc:.3f}")
