# %%
import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(38)

# %%
k = torch.randint(0, 4, (1000,))
mu = 2.0 * torch.tensor([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
x = mu[k] + 0.9 * torch.randn(1000, 2)
x = (x - x.mean(0)) / x.std(0)
labelled = TensorDataset(x[:100], k[:100])
unlabelled = TensorDataset(x[100:800])
x_test, k_test = x[800:], k[800:]

# %%
student = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 4))
teacher = copy.deepcopy(student)
for p in teacher.parameters():
    p.requires_grad_(False)
opt = torch.optim.SGD(student.parameters(), lr=0.05, momentum=0.9)

@torch.no_grad()
def update_teacher(decay=0.95):
    for pt, ps in zip(teacher.parameters(), student.parameters()):
        pt.mul_(decay).add_(ps, alpha=1 - decay)

# %%
sup = DataLoader(labelled, batch_size=20, shuffle=True)
unsup = DataLoader(unlabelled, batch_size=140, shuffle=True)
for epoch in range(12):
    student.train()
    ramp = min(1.0, epoch / 6)
    for (xl, yl), (xu,) in zip(sup, unsup):
        supervised = F.cross_entropy(student(xl), yl)
        with torch.no_grad():
            goal = teacher(xu + 0.1 * torch.randn_like(xu)).softmax(1)
        guess = student(xu + 0.1 * torch.randn_like(xu)).softmax(1)
        consistency = F.mse_loss(guess, goal)
        loss = supervised + ramp * consistency
        opt.zero_grad()
        loss.backward()
        opt.step()
        update_teacher()

# %%
student.eval()
teacher.eval()
with torch.no_grad():
    for name, m in (("student", student), ("teacher", teacher)):
        print(name, (m(x_test).argmax(1) == k_test).float().mean().item())
