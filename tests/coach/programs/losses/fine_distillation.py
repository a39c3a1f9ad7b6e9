import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

teacher = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 3)).eval()
student = nn.Linear(6, 3)
opt = torch.optim.Adam(student.parameters(), lr=1e-2)
x, y, T = torch.randn(64, 6), torch.randint(0, 3, (64,)), 2.0
for _ in range(6):
    with torch.no_grad():
        soft = F.softmax(teacher(x) / T, dim=1)
    scores = student(x)
    loss = 0.5 * F.cross_entropy(scores / T, soft) * T * T + 0.5 * F.cross_entropy(scores, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
