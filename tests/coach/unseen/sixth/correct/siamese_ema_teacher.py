"""Self-distillation project: a student net follows a slowly averaged teacher on two noisy views."""
import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(81)
base = torch.randn(6, 20)


def two_views(n):
    which = torch.randint(0, 6, (n,))
    clean = base[which]
    return clean + 0.4 * torch.randn(n, 20), clean + 0.4 * torch.randn(n, 20)


student = nn.Sequential(nn.Linear(20, 48), nn.ReLU(), nn.Linear(48, 12))
predictor = nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Linear(24, 12))
teacher = copy.deepcopy(student)
teacher.requires_grad_(False)
opt = torch.optim.AdamW(list(student.parameters()) + list(predictor.parameters()), lr=2e-3)


@torch.no_grad()
def follow(momentum=0.97):
    for slow, fast in zip(teacher.parameters(), student.parameters()):
        slow.mul_(momentum).add_(fast, alpha=1 - momentum)


def distance(online, target):
    return 2 - 2 * F.cosine_similarity(online, target, dim=1).mean()


for step in range(100):
    a, b = two_views(64)
    with torch.no_grad():
        ta, tb = teacher(a), teacher(b)
    loss = 0.5 * (distance(predictor(student(a)), tb) + distance(predictor(student(b)), ta))
    opt.zero_grad()
    loss.backward()
    opt.step()
    follow()
    if step % 20 == 0:
        print(step, round(loss.item(), 4))
