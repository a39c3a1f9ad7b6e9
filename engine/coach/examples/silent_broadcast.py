import gradbook as torch
from gradbook import nn

model = nn.Linear(4, 1)
x, y = torch.randn(32, 4), torch.randn(32)
error = model(x) - y  # coach: silent-broadcast; fix: error = model(x).squeeze(1) - y
loss = (error**2).mean()
print(error.shape, loss.item())
loss.backward()
