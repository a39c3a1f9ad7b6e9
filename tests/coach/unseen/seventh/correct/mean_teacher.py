import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(137)
C, N = 4, 256
tmpl = torch.randn(C, 1, 8, 8)
y = torch.randint(0, C, (N,))
img = tmpl[y] + 1.2 * torch.randn(N, 1, 8, 8)
img = (img - img.mean()) / img.std()
lab = DataLoader(TensorDataset(img[:96], y[:96]), batch_size=16, shuffle=True)
unl = DataLoader(TensorDataset(img[96:208]), batch_size=16, shuffle=True)
vx, vy = img[208:], y[208:]

student = nn.Sequential(
    nn.Conv2d(1, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(12 * 16, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, C))
teacher = copy.deepcopy(student)
for p in teacher.parameters():
    p.requires_grad_(False)
opt = torch.optim.SGD(student.parameters(), lr=0.02, momentum=0.9, nesterov=True, weight_decay=1e-4)


@torch.no_grad()
def ema(decay):
    for t, s in zip(teacher.parameters(), student.parameters()):
        t.mul_(decay).add_(s, alpha=1 - decay)
    for t, s in zip(teacher.buffers(), student.buffers()):
        t.copy_(s)


step = 0
for epoch in range(10):
    student.train()
    teacher.eval()
    ramp = min(1.0, epoch / 5)
    for (xl, yl), (xu,) in zip(lab, unl):
        noisy = torch.cat([xl, xu + 0.1 * torch.randn_like(xu)])
        out = student(noisy)
        sup = F.cross_entropy(out[:len(xl)], yl)
        with torch.no_grad():
            soft = teacher(xu).softmax(-1)
        cons = F.mse_loss(out[len(xl):].softmax(-1), soft)
        opt.zero_grad()
        (sup + ramp * cons).backward()
        opt.step()
        step += 1
        ema(min(0.95, 1 - 1 / (step + 1)))
    with torch.no_grad():
        acc = (teacher(vx).argmax(1) == vy).float().mean().item()
    print(epoch, "sup %.3f cons %.4f teacher acc %.3f" % (sup.item(), cons.item(), acc))
