import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
# minimise a loss with the wrong sign: it runs off to minus infinity
X = torch.randn(200, 4)
y = X @ torch.tensor([[1.0], [2.0], [-1.0], [0.5]])
model = nn.Linear(4, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(60):
    b = torch.randint(0, 200, (50,))
    loss = -F.mse_loss(model(X[b]), y[b])  # coach: loss-diverged; fix: loss = F.mse_loss
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 15 == 0:
        print(step, loss.item())
# coach-also: exploding-gradients, learning-rate-too-high
