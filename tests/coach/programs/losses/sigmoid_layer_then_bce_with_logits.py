import gradbook as torch
from gradbook import nn

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())  # coach: sigmoid-before-bce-with-logits; fix: nn.Linear(8, 1))
bce = nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(net.parameters())
x = torch.randn(32, 4)
t = (x[:, 0] > 0).float()
for k in range(5):
    opt.zero_grad()
    out = net(x).squeeze(1)
    l = bce(out, t)
    l.backward()
    opt.step()
