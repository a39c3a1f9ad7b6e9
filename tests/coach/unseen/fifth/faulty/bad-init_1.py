# two-layer network, written by hand (no nn.Module)
import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(0)
n_in, n_h, n_out = 6, 30, 3
k = torch.randint(0, n_out, (450,))
X = 1.3 * torch.randn(n_out, n_in)[k] + torch.randn(450, n_in)
X = (X - X.mean(0)) / X.std(0)

W1 = torch.full((n_in, n_h), 0.1, requires_grad=True)  # coach: bad-init; fix: randn
b1 = torch.zeros(n_h, requires_grad=True)
W2 = torch.full((n_h, n_out), 0.1, requires_grad=True)  # coach-line: bad-init
b2 = torch.zeros(n_out, requires_grad=True)
params = [W1, b1, W2, b2]
opt = torch.optim.SGD(params, lr=0.05)


def net(x):
    h = torch.tanh(x @ W1 + b1)
    return h @ W2 + b2


for epoch in range(8):
    perm = torch.randperm(450)
    for i in range(0, 450, 45):
        j = perm[i:i + 45]
        loss = F.cross_entropy(net(X[j]), k[j])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (net(X).argmax(1) == k).float().mean().item()
    print(f"{epoch}: loss {loss.item():.4f} acc {acc:.3f}")
