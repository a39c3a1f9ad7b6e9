import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
BETA = 0.9995  # coach: learning-rate-too-high; fix: BETA = 0.9
x = torch.randn(100, 3)
y = x @ torch.tensor([[1.0], [2.0], [-1.0]])
lin = nn.Linear(3, 1)
opt = torch.optim.SGD(lin.parameters(), lr=0.3, momentum=BETA)
for i in range(60):
    loss = nn.functional.mse_loss(lin(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: update-ratio-high, loss-diverged
