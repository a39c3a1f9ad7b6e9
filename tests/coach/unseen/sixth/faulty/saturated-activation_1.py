# %% Building an MLP without nn.Linear
import gradbook as torch
import gradbook.nn.functional as F

g = torch.Generator().manual_seed(2147)
torch.manual_seed(42)

# %% Tiny 8x8 letters: L, T and X with noise
letters = torch.zeros(3, 8, 8)
letters[0, 1:7, 1] = letters[0, 6, 1:7] = 1.0
letters[1, 1, 1:7] = letters[1, 1:7, 3] = 1.0
letters[2] = torch.eye(8) + torch.eye(8).flip(0)

labels = torch.randint(0, 3, (450,), generator=g)
images = letters[labels] + 0.9 * torch.randn(450, 8, 8, generator=g)
images = ((images - images.mean()) / images.std()).reshape(450, -1)
train_x, train_y = images[:360], labels[:360]
dev_x, dev_y = images[360:], labels[360:]

# %% Parameters
n_in, n_hidden, n_out = 64, 80, 3
W1 = torch.randn((n_in, n_hidden), generator=g)  # coach: saturated-activation
b1 = torch.zeros(n_hidden)
W2 = torch.randn((n_hidden, n_out), generator=g) * 0.05
b2 = torch.zeros(n_out)
parameters = [W1, b1, W2, b2]
for p in parameters:
    p.requires_grad = True  # coach-also: bad-init

# %% Training with plain gradient descent on minibatches
lr = 0.1
for step in range(150):
    pick = torch.randint(0, len(train_x), (32,), generator=g)
    hidden = torch.tanh(train_x[pick] @ W1 + b1)
    logits = hidden @ W2 + b2
    loss = F.cross_entropy(logits, train_y[pick])

    for p in parameters:
        p.grad = None
    loss.backward()
    with torch.no_grad():
        for p in parameters:
            p -= lr * p.grad
    if step % 30 == 0:
        print(f"{step:4d} {loss.item():.4f}   |tanh| > 0.97: {(hidden.abs() > 0.97).float().mean().item():.2f}")

# %% Dev accuracy
with torch.no_grad():
    dev_logits = torch.tanh(dev_x @ W1 + b1) @ W2 + b2
    print("dev accuracy", (dev_logits.argmax(1) == dev_y).float().mean().item())
