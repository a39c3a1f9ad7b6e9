import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)
T, ALPHA = 3.0, 0.7
y = torch.randint(0, 4, (320,))
x = torch.randn(4, 12)[y] + 0.9 * torch.randn(320, 12)
x = (x - x.mean(0)) / x.std(0)
train = DataLoader(TensorDataset(x[:240], y[:240]), batch_size=24, shuffle=True)
vx, vy = x[240:], y[240:]


def mlp(*sizes, p=0.0):
    layers = []
    for a, b in zip(sizes[:-2], sizes[1:-1]):
        layers += [nn.Linear(a, b), nn.ReLU(), nn.Dropout(p)] if p else [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


def accuracy(net):
    net.eval()
    with torch.no_grad():
        return (net(vx).argmax(1) == vy).float().mean().item()


teacher = mlp(12, 64, 64, 4, p=0.2)
opt_t = torch.optim.Adam(teacher.parameters(), lr=2e-3)
for _ in range(6):
    teacher.train()
    for xb, yb in train:
        opt_t.zero_grad()
        F.cross_entropy(teacher(xb), yb).backward()
        opt_t.step()
print("teacher", round(accuracy(teacher), 3))

teacher.eval().requires_grad_(False)
student = mlp(12, 16, 4)
opt_s = torch.optim.Adam(student.parameters(), lr=5e-3)
for epoch in range(6):
    student.train()
    for xb, yb in train:
        with torch.no_grad():
            soft = F.softmax(teacher(xb) / T, dim=1)
        logits = student(xb)
        kd = F.kl_div(F.log_softmax(logits / T, dim=1), soft, reduction="batchmean") * T * T
        loss = ALPHA * kd + (1 - ALPHA) * F.cross_entropy(logits, yb)
        opt_s.zero_grad()
        loss.backward()
        opt_s.step()
    print(f"epoch {epoch} loss {loss.item():.3f} student {accuracy(student):.3f}")
