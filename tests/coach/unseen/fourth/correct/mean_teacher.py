import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(33)


class EMATeacher:
    def __init__(self, model, decay=0.95):
        self.decay = decay
        self.model = copy.deepcopy(model).eval()
        for p in self.model.parameters():
            p.requires_grad_(False)

    @torch.no_grad()
    def update(self, student):
        for t, s in zip(self.model.parameters(), student.parameters()):
            t.mul_(self.decay).add_(s, alpha=1 - self.decay)

    @torch.no_grad()
    def __call__(self, x):
        return F.softmax(self.model(x), dim=1)


y = torch.randint(0, 3, (360,))
x = torch.randn(3, 10)[y] * 1.2 + torch.randn(360, 10)
x = (x - x.mean(0)) / x.std(0)
labelled = DataLoader(TensorDataset(x[:120], y[:120]), batch_size=20, shuffle=True)
unlabelled = DataLoader(TensorDataset(x[120:280]), batch_size=20, shuffle=True)
student = nn.Sequential(nn.Linear(10, 32), nn.LayerNorm(32), nn.ReLU(), nn.Linear(32, 3))
teacher = EMATeacher(student)
opt = torch.optim.Adam(student.parameters(), lr=3e-3)
for epoch in range(8):
    student.train()
    ramp = min(1.0, (epoch + 1) / 4)
    for (xl, yl), (xu,) in zip(labelled, unlabelled):
        sup = F.cross_entropy(student(xl), yl)
        target = teacher(xu + 0.1 * torch.randn_like(xu))
        cons = F.mse_loss(F.softmax(student(xu + 0.1 * torch.randn_like(xu)), dim=1), target)
        loss = sup + ramp * cons
        opt.zero_grad()
        loss.backward()
        opt.step()
        teacher.update(student)
    student.eval()
    with torch.no_grad():
        acc_s = (student(x[280:]).argmax(1) == y[280:]).float().mean().item()
    acc_t = (teacher(x[280:]).argmax(1) == y[280:]).float().mean().item()
    print(f"epoch {epoch} sup {sup.item():.3f} cons {cons.item():.4f} student {acc_s:.2f} teacher {acc_t:.2f}")
