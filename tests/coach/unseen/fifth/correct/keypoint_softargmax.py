import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(105)
S = 8
axis = torch.linspace(-1, 1, S)


def blobs(n):
    c = 1.4 * torch.rand(n, 2) - 0.7
    gx = torch.exp(-8 * (axis.view(1, S) - c[:, :1]) ** 2)
    gy = torch.exp(-8 * (axis.view(1, S) - c[:, 1:]) ** 2)
    img = gy.unsqueeze(2) * gx.unsqueeze(1)
    img = (img - img.mean()) / img.std()
    return (img + 0.1 * torch.randn(n, S, S)).unsqueeze(1), c


class SoftArgmax(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 8, 3, padding=1)
        self.c2 = nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, img):
        h = self.c2(F.relu(self.c1(img))).flatten(1)
        p = F.softmax(h, dim=1).view(-1, S, S)
        px = (p.sum(dim=1) * axis).sum(dim=1)
        py = (p.sum(dim=2) * axis).sum(dim=1)
        return torch.stack([px, py], dim=1)


xt, ct = blobs(384)
xv, cv = blobs(96)
net = SoftArgmax()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=2)
for epoch in range(10):
    net.train()
    for idx in torch.randperm(384).split(48):
        opt.zero_grad()
        loss = F.smooth_l1_loss(net(xt[idx]), ct[idx])
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        val = F.smooth_l1_loss(net(xv), cv).item()
    plateau.step(val)
    print(epoch, f"{val:.5f}")
