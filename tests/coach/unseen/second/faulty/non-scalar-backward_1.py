import gradbook as torch
from gradbook import nn

torch.manual_seed(91)
X = torch.randn(100, 3)
Y = X @ torch.tensor([[1.0], [2.0], [-1.0]])

model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)


def squared_error(pred, target):
    return (pred - target) ** 2  # coach: non-scalar-backward; fix: .mean()


for step in range(20):
    pred = model(X)
    loss = squared_error(pred, Y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss)
