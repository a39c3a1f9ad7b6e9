import copy
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(58)


class WideConv(nn.Module):
    def __init__(self, n_classes=4):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.LeakyReLU(0.1), nn.MaxPool2d(2),
            nn.Conv2d(12, 24, 3, padding=1, bias=False), nn.BatchNorm2d(24), nn.LeakyReLU(0.1), nn.AvgPool2d(2))
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(24 * 4, n_classes)

    def forward(self, x):
        return self.fc(self.drop(self.body(x).flatten(1)))


@torch.no_grad()
def update_teacher(teacher, student, decay):
    for t, s in zip(teacher.parameters(), student.parameters()):
        t.mul_(decay).add_(s, alpha=1 - decay)
    for t, s in zip(teacher.buffers(), student.buffers()):
        t.copy_(s)


@torch.no_grad()
def accuracy(model, x, y):
    model.eval()
    return (model(x).argmax(1) == y).float().mean().item()


prototypes = torch.randn(4, 1, 8, 8)
labels = torch.randint(0, 4, (480,))
images = prototypes[labels] + 1.0 * torch.randn(480, 1, 8, 8)
images = (images - images.mean()) / images.std()
labelled = DataLoader(TensorDataset(images[:96], labels[:96]), batch_size=16, shuffle=True)
unlabelled = DataLoader(TensorDataset(images[96:384]), batch_size=48, shuffle=True)

student = WideConv()
teacher = copy.deepcopy(student)
for p in teacher.parameters():
    p.requires_grad_(False)
optimizer = torch.optim.Adam(student.parameters(), lr=3e-3)

for epoch in range(8):
    student.train()
    teacher.train()
    weight = min(1.0, epoch / 4)
    for (x, y), (u,) in zip(labelled, unlabelled):
        with torch.no_grad():
            belief = F.softmax(teacher(u + 0.1 * torch.randn_like(u)), dim=1)
        supervised = F.cross_entropy(student(x), y)
        consistency = F.mse_loss(F.softmax(student(u + 0.1 * torch.randn_like(u)), dim=1), belief)
        optimizer.zero_grad()
        (supervised + weight * consistency).backward()
        optimizer.step()
        update_teacher(teacher, student, decay=0.9)
    s, t = accuracy(student, images[384:], labels[384:]), accuracy(teacher, images[384:], labels[384:])
    print(f"epoch {epoch} sup {supervised.item():.3f} cons {consistency.item():.4f} student {s:.3f} teacher {t:.3f}")
