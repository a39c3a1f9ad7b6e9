import gradbook as torch
import gradbook.nn.functional as F

# softmax regression without nn.Module
torch.manual_seed(92)
y = torch.randint(0, 3, (150,))
X = torch.randn(150, 5)
X[torch.arange(150), y] += 2.0
X = torch.cat([X, torch.ones(150, 1)], dim=1)

W = torch.zeros(6, 3)  # coach: nothing-requires-grad; fix: requires_grad

for it in range(25):
    loss = F.cross_entropy(X @ W, y)
    loss.backward()
    with torch.no_grad():
        W -= 0.5 * W.grad
        W.grad = None
    print(it, loss.item())
