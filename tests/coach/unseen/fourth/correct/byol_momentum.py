import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset


class TwoViews(Dataset):
    def __init__(self, base, noise):
        self.base, self.noise = base, noise

    def __len__(self):
        return len(self.base)

    def __getitem__(self, i):
        x = self.base[i]
        return x + self.noise * torch.randn_like(x), x + self.noise * torch.randn_like(x)


def projector():
    return nn.Sequential(nn.Linear(16, 48, bias=False), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 12))


class BYOL(nn.Module):
    def __init__(self, momentum=0.98):
        super().__init__()
        self.student = projector()
        self.teacher = copy.deepcopy(self.student)
        self.teacher.requires_grad_(False)
        self.predictor = nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Linear(24, 12))
        self.m = momentum

    def half(self, a, b):
        p = F.normalize(self.predictor(self.student(a)), dim=-1)
        with torch.no_grad():
            t = F.normalize(self.teacher(b), dim=-1)
        return 2 - 2 * (p * t).sum(-1).mean()

    def forward(self, a, b):
        return 0.5 * (self.half(a, b) + self.half(b, a))

    @torch.no_grad()
    def update_teacher(self):
        for t, s in zip(self.teacher.parameters(), self.student.parameters()):
            t.mul_(self.m).add_(s, alpha=1 - self.m)


torch.manual_seed(114)
centres = torch.randn(10, 16)
base = centres[torch.randint(0, 10, (384,))] + 0.3 * torch.randn(384, 16)
loader = DataLoader(TwoViews(base, 0.3), batch_size=64, shuffle=True, drop_last=True)
byol = BYOL()
opt = torch.optim.Adam([p for p in byol.parameters() if p.requires_grad], lr=3e-3)
for epoch in range(8):
    seen = []
    for a, b in loader:
        loss = byol(a, b)
        opt.zero_grad()
        loss.backward()
        opt.step()
        byol.update_teacher()
        seen.append(loss.detach())
    print(epoch, torch.stack(seen).mean().item())
