"""A teacher is trained first; then a small student learns from its softened outputs and the labels."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
T, ALPHA = 3.0, 0.7
x = torch.randn(640, 8)
y = (x[:, 0] + x[:, 1] > 0).long() + (x[:, 2] > 0.3).long()
train_x, train_y, test_x, test_y = x[:480], y[:480], x[480:], y[480:]

teacher = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
student = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))


def train_teacher(epochs=10):
    opt = torch.optim.Adam(teacher.parameters(), lr=5e-3)
    for _ in range(epochs):
        for idx in torch.randperm(480).split(96):
            opt.zero_grad()
            loss = F.cross_entropy(teacher(train_x[idx]), train_y[idx])
            loss.backward()
            opt.step()
    print("teacher loss", round(loss.item(), 4))


def train_student(epochs=16):
    teacher.eval()
    opt = torch.optim.Adam(student.parameters(), lr=1e-2)
    for epoch in range(epochs):
        total = 0.0
        for idx in torch.randperm(480).split(96):
            with torch.no_grad():
                soft = F.softmax(teacher(train_x[idx]) / T, dim=1)
            logits = student(train_x[idx])
            kd = F.kl_div(F.log_softmax(logits / T, dim=1), soft, reduction="batchmean") * T * T
            loss = ALPHA * kd + (1 - ALPHA) * F.cross_entropy(logits, train_y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item() / 5
        if epoch % 4 == 0 or epoch == epochs - 1:
            print("student", epoch, round(total, 4))


train_teacher()
train_student()
student.eval()
with torch.no_grad():
    print("test accuracy", (student(test_x).argmax(1) == test_y).float().mean().item())
