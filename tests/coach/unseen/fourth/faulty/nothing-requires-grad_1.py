# %% [markdown] Linear regression by hand, step by step
# # Linear regression from scratch
import gradbook as torch

torch.manual_seed(0)

# %% [data]
n = 200
features = torch.randn(n, 3)
design = torch.cat([torch.ones(n, 1), features], dim=1)
truth = torch.tensor([[0.5], [2.0], [-1.0], [0.25]])
y = design @ truth + 0.1 * torch.randn(n, 1)

# %% [parameters]
theta = 0.01 * torch.randn(4, 1)  # coach: nothing-requires-grad; fix: requires_grad
lr = 0.1

# %% [loop]
for step in range(50):
    residual = design @ theta - y
    mse = (residual ** 2).mean()
    mse.backward()
    with torch.no_grad():
        theta -= lr * theta.grad
        theta.grad = None
    if step % 10 == 0:
        print(step, mse.item())

# %% [result]
print("learned", theta.flatten().tolist())
print("true   ", truth.flatten().tolist())
