import gradbook as torch

torch.manual_seed(31)


def relu_layer(p, x):
    return torch.relu(torch.einsum("bi,io->bo", x, p["W"]) + p["b"])


def linear_layer(p, x):
    return torch.einsum("bi,io->bo", x, p["W"]) + p["b"]


def glorot(i, o):
    s = (2.0 / (i + o)) ** 0.5
    return {"W": (torch.randn(i, o) * s).requires_grad_(), "b": torch.zeros(o).requires_grad_()}


def predict(params, x):
    return linear_layer(params["out"], relu_layer(params["hidden"], x))


def mse(params, x, y):
    return (predict(params, x) - y).pow(2).mean()  # coach-also: nan-origin


def tree_leaves(tree):
    return [leaf for sub in tree.values() for leaf in sub.values()]


def sgd(params, grads, lr):
    with torch.no_grad():
        for p, g in zip(tree_leaves(params), grads):
            p.add_(lr * g)  # coach: loss-diverged


x = torch.randn(256, 6)
y = x[:, :1] - 0.5 * x[:, 1:2] + torch.tanh(x[:, 2:3])
y = (y - y.mean()) / y.std()

params = {"hidden": glorot(6, 20), "out": glorot(20, 1)}
lr, batch = 0.05, 32
for epoch in range(8):
    order = torch.randperm(x.shape[0])
    for rows in order.split(batch):
        loss = mse(params, x[rows], y[rows])
        grads = torch.autograd.grad(loss, tree_leaves(params))
        sgd(params, grads, lr)
    print("epoch", epoch, "loss", loss.item())
