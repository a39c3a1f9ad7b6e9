import gradbook as torch
import gradbook.nn as nn

model = nn.Linear(5, 1, bias=False)
nn.init.zeros_(model.weight)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
X = torch.randn(80, 5)
y = X @ torch.tensor([[1.0], [0.0], [-2.0], [0.5], [3.0]])
for epoch in range(20):
    loss = nn.functional.mse_loss(model(X), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
