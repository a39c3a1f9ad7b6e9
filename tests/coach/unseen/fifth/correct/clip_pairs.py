import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(108)
latent = torch.randn(512, 6)
img = latent @ torch.randn(6, 20) / 2.5 + 0.2 * torch.randn(512, 20)
txt = latent @ torch.randn(6, 14) / 2.5 + 0.2 * torch.randn(512, 14)


class Clip(nn.Module):
    def __init__(self, d=12):
        super().__init__()
        self.image = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, d))
        self.text = nn.Sequential(nn.Linear(14, 32), nn.ReLU(), nn.Linear(32, d))
        self.log_scale = nn.Parameter(torch.tensor(1.5))

    def forward(self, a, b):
        za = F.normalize(self.image(a), dim=-1)
        zb = F.normalize(self.text(b), dim=-1)
        return self.log_scale.exp() * za @ zb.t()


model = Clip()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
for epoch in range(8):
    for idx in torch.randperm(512).split(32):
        sim = model(img[idx], txt[idx])
        gold = torch.arange(len(idx))
        loss = (F.cross_entropy(sim, gold) + F.cross_entropy(sim.t(), gold)) / 2
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
