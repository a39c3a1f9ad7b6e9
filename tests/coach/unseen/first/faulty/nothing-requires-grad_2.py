import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# logistic regression from scratch
torch.manual_seed(102)
X = torch.randn(100, 3)
y = (X @ torch.tensor([1.0, -2.0, 0.5]) > 0).float()
w = torch.zeros(3)  # coach: nothing-requires-grad; fix: requires_grad=True
for it in range(20):
    loss = F.binary_cross_entropy_with_logits(X @ w, y)
    loss.backward()
    with torch.no_grad():
        w -= 0.5 * w.grad
        w.grad.zero_()
    print(it, loss.item())
