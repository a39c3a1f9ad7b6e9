import gradbook as torch
from gradbook import nn
# plain linear regression with SGD, diverges
torch.manual_seed(63)
x = torch.randn(100, 3)
y = x @ torch.tensor([[2.0], [-1.0], [0.5]]) + 1.0 + 0.1 * torch.randn(100, 1)
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=1.3)  # coach: learning-rate-too-high; fix: lr=
for t in range(40):
    loss = ((model(x) - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if t % 8 == 0:
        print(t, loss.item())
# coach-also: loss-diverged, exploding-gradients, update-ratio-high
