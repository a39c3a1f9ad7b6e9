import gradbook as torch
from gradbook import nn
# MNIST MLP without flattening
torch.manual_seed(0)
mlp = nn.Sequential(
    nn.Linear(784, 64), nn.ReLU(),
    nn.Linear(64, 10),
)
opt = torch.optim.SGD(mlp.parameters(), lr=0.1)
lossf = nn.CrossEntropyLoss()
x = torch.randn(96, 1, 28, 28)
y = torch.randint(0, 10, (96,))
for i in range(0, 96, 32):
    xb, yb = x[i:i + 32], y[i:i + 32]
    opt.zero_grad()
    scores = mlp(xb)  # coach: shape-mismatch; fix: flatten(1)
    loss = lossf(scores, yb)
    loss.backward()
    opt.step()
