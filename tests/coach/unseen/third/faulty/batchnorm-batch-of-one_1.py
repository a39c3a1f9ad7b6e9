"""SimSiam pretraining of a small encoder: two jittered views, BatchNorm in the projector."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset

torch.manual_seed(23)


class Blobs(Dataset):
    def __init__(self, n=161, k=6, d=10):
        centres = 2 * torch.randn(k, d)
        pts = centres[torch.randint(0, k, (n,))] + 0.4 * torch.randn(n, d)
        self.x = (pts - pts.mean(0)) / pts.std(0)

    def __len__(self):
        return self.x.size(0)

    def __getitem__(self, i):
        jitter = lambda v: v * (1 + 0.1 * torch.randn_like(v)) + 0.1 * torch.randn_like(v)
        return jitter(self.x[i]), jitter(self.x[i])


class SimSiam(nn.Module):
    def __init__(self, d=10, h=32, p=16):
        super().__init__()
        self.project = nn.Sequential(
            nn.Linear(d, h, bias=False), nn.BatchNorm1d(h), nn.ReLU(),
            nn.Linear(h, p),
        )
        self.predict = nn.Sequential(nn.Linear(p, 8), nn.ReLU(), nn.Linear(8, p))

    def forward(self, a, b):
        za, zb = self.project(a), self.project(b)
        return self.predict(za), self.predict(zb), za.detach(), zb.detach()


ds = Blobs()
loader = DataLoader(ds, batch_size=16, shuffle=True)  # coach: batchnorm-batch-of-one; fix: drop_last=True
net = SimSiam()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)

for epoch in range(6):
    losses = []
    for v1, v2 in loader:
        p1, p2, z1, z2 = net(v1, v2)
        loss = -0.5 * (F.cosine_similarity(p1, z2).mean() + F.cosine_similarity(p2, z1).mean())
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print("epoch", epoch, "mean loss", sum(losses) / len(losses))
