import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(112)
voices = torch.randn(6, 20)


def utterances(n, ids):
    y = torch.randint(0, len(ids), (n,))
    return voices[torch.tensor(ids)][y] + 0.8 * torch.randn(n, 20), y


backbone = nn.Sequential(nn.Linear(20, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU())
pre_head = nn.Linear(32, 4)
xs, ys = utterances(512, [0, 1, 2, 3])
opt = torch.optim.Adam([*backbone.parameters(), *pre_head.parameters()], lr=3e-3)
for epoch in range(5):
    for idx in torch.randperm(512).split(64):
        opt.zero_grad()
        loss = F.cross_entropy(pre_head(backbone(xs[idx])), ys[idx])
        loss.backward()
        opt.step()
    print("pretrain", epoch, loss.item())

for p in backbone.parameters():
    p.requires_grad_(False)
backbone.eval()
head = nn.Linear(32, 3)
xt, yt = utterances(192, [3, 4, 5])
tune = torch.optim.SGD(head.parameters(), lr=0.05, momentum=0.9)
for epoch in range(6):
    for idx in torch.randperm(192).split(32):
        tune.zero_grad()
        loss = F.cross_entropy(head(backbone(xt[idx])), yt[idx])
        loss.backward()
        tune.step()
    print("finetune", epoch, loss.item())
