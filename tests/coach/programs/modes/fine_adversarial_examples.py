import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 2))
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
x = torch.randn(64, 8)
y = (x[:, 0] > 0).long()
for step in range(8):
    model.eval()
    probe = x.clone().requires_grad_(True)
    attack = F.cross_entropy(model(probe), y)
    (grad,) = torch.autograd.grad(attack, probe)
    adversarial = (x + 0.1 * grad.sign()).detach()
    model.train()
    loss = F.cross_entropy(model(adversarial), y)
    opt.zero_grad()
    loss.backward()
    opt.step()

model.eval()
for eps in (0.05, 0.1):
    probe = x.clone().requires_grad_(True)
    loss = F.cross_entropy(model(probe), y)
    loss.backward()
    with torch.no_grad():
        robust = (model(x + eps * probe.grad.sign()).argmax(1) == y).float().mean()
    print(eps, robust.item(), loss.item())
    model.zero_grad()
