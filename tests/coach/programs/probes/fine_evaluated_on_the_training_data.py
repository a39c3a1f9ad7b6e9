import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(0)
x = torch.randn(120, 5)
y = x[:, :3].argmax(1)
x_train, y_train, x_test, y_test = x[:90], y[:90], x[90:], y[90:]


def accuracy(model, inputs, labels):
    with torch.no_grad():
        return (model(inputs).argmax(1) == labels).float().mean().item()


net = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 3))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(10):
    opt.zero_grad()
    F.cross_entropy(net(x_train), y_train).backward()
    opt.step()
    train_acc = accuracy(net, x_train, y_train)
    test_acc = accuracy(net, x_test, y_test)
    for name, part in (("train", (x_train, y_train)), ("test", (x_test, y_test))):
        print(name, accuracy(net, *part))

# overfit one batch, and look at it
few = nn.Linear(5, 3)
sgd = torch.optim.SGD(few.parameters(), lr=0.5)
for _ in range(20):
    sgd.zero_grad()
    F.cross_entropy(few(x[:16]), y[:16]).backward()
    sgd.step()
with torch.no_grad():
    print("fitted", few(x[:16]).argmax(1), y[:16])

# XOR has four rows: they are training and test
xor, out = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([[0.0], [1], [1], [0]])
mlp = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
adam = torch.optim.Adam(mlp.parameters(), lr=0.05)
for _ in range(30):
    adam.zero_grad()
    F.binary_cross_entropy_with_logits(mlp(xor), out).backward()
    adam.step()
with torch.no_grad():
    test_output = torch.sigmoid(mlp(xor))
