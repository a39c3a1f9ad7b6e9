"""Adversarial training with FGSM examples; the gradient for the attack leaves the parameters untouched."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
EPS = 0.15


def attack(model, x, y):
    x = x.clone().detach().requires_grad_(True)
    loss = F.cross_entropy(model(x), y)
    grad, = torch.autograd.grad(loss, x)
    return (x + EPS * grad.sign()).detach()


def accuracy(model, x, y):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        acc = (model(x).argmax(1) == y).float().mean().item()
    model.train(was_training)
    return acc


y = torch.randint(0, 3, (240,))
x = torch.eye(3)[y].repeat(1, 4) * 1.5 - 0.5 + 0.6 * torch.randn(240, 12)
train_x, train_y, test_x, test_y = x[:180], y[:180], x[180:], y[180:]
model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 3))
opt = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(8):
    total = 0.0
    for idx in torch.randperm(180).split(45):
        xb, yb = train_x[idx], train_y[idx]
        adv = attack(model, xb, yb)
        opt.zero_grad()
        loss = 0.5 * F.cross_entropy(model(xb), yb) + 0.5 * F.cross_entropy(model(adv), yb)
        loss.backward()
        opt.step()
        total += loss.item() / 4
    model.eval()
    robust = accuracy(model, attack(model, test_x, test_y), test_y)
    model.train()
    print(epoch, round(total, 4), "clean", round(accuracy(model, test_x, test_y), 3), "robust", round(robust, 3))
