"""Logistic regression by L-BFGS: the closure clears the gradients and is called many times a step."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(150, 4, dtype=torch.float64)
true_w = torch.tensor([1.5, -2.0, 0.5, 0.0], dtype=torch.float64)
y = torch.bernoulli(torch.sigmoid(x @ true_w))

model = nn.Linear(4, 1).double()
optimizer = torch.optim.LBFGS(model.parameters(), lr=1.0, max_iter=8, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    loss = F.binary_cross_entropy_with_logits(model(x).squeeze(-1), y)
    loss = loss + 1e-3 * model.weight.pow(2).sum()
    loss.backward()
    return loss


for outer in range(5):
    loss = optimizer.step(closure)
    print(outer, f"{loss.item():.6f}")
print("weights", [round(v, 2) for v in model.weight.detach().flatten().tolist()])
