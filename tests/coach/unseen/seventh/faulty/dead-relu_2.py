import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(37)
N, P, C = 320, 36, 6
blob = torch.randn(C, P)
cls = torch.randint(0, C, (N,))
obj = (torch.rand(N) < 0.5).float()
feat = torch.randn(N, P) + 1.2 * obj[:, None] * blob[cls]
feat = (feat - feat.mean(0)) / feat.std(0)
heat = F.one_hot(cls, C).float() * obj[:, None]
loader = DataLoader(TensorDataset(feat, heat), batch_size=32, shuffle=True)


class DetectionHead(nn.Module):
    def __init__(self, prior=0.08):
        super().__init__()
        self.tower1 = nn.Linear(P, 48)
        self.tower2 = nn.Linear(48, 48)
        self.score = nn.Linear(48, C)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.constant_(m.bias, -math.log((1 - prior) / prior))  # coach: dead-relu

    def forward(self, f):
        f = F.relu(self.tower1(f))  # coach-line: dead-relu
        f = F.relu(self.tower2(f))  # coach-line: dead-relu
        return self.score(f)


def focal(logits, t, gamma=2.0):
    ce = F.binary_cross_entropy_with_logits(logits, t, reduction="none")
    pt = torch.exp(-ce)
    return ((1 - pt) ** gamma * ce).sum() / t.sum().clamp(min=1)


det = DetectionHead()
opt = torch.optim.AdamW(det.parameters(), lr=1e-3)
for epoch in range(6):  # coach-also: bad-init
    s = 0.0
    for f, t in loader:
        loss = focal(det(f), t)
        opt.zero_grad()
        loss.backward()  # coach-also: degenerate-activation
        opt.step()
        s += loss.item()
    print(epoch, round(s / len(loader), 4))
