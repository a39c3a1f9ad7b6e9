# "Learning PyTorch by example": two-layer network, weights and updates by hand
import gradbook as torch

torch.manual_seed(108)

N, D_in, H, D_out = 256, 10, 40, 2
x = torch.randn(N, D_in)
true_w = torch.randn(D_in, D_out) / D_in ** 0.5
y = torch.tanh(x @ true_w) + 0.05 * torch.randn(N, D_out)
y = (y - y.mean(0)) / y.std(0)

w1 = (torch.randn(D_in, H) * (2 / D_in) ** 0.5).requires_grad_()
b1 = torch.zeros(H, requires_grad=True)
w2 = (torch.randn(H, D_out) * (1 / H) ** 0.5).requires_grad_()
b2 = torch.zeros(D_out, requires_grad=True)
params = [w1, b1, w2, b2]

learning_rate = 0.05
batch_size = 32

for epoch in range(10):
    perm = torch.randperm(N)
    epoch_loss = 0.0
    for i in range(0, N, batch_size):
        idx = perm[i:i + batch_size]
        h = (x[idx] @ w1 + b1).clamp(min=0)
        y_pred = h @ w2 + b2
        loss = (y_pred - y[idx]).pow(2).mean()
        epoch_loss += loss.item() * len(idx)

        loss.backward()
        with torch.no_grad():
            for p in params:
                p -= learning_rate * p.grad
                p.grad.zero_()
    print(f"epoch {epoch}: {epoch_loss / N:.4f}")
