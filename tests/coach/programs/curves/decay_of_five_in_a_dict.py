import gradbook as torch
from gradbook import nn

cfg = {
    "optimizer": {
        "lr": 0.05,
        "weight_decay": 5.0,  # coach: regularisation-dominates; fix: "weight_decay": 1e-4
    },
    "epochs": 25,
}
torch.manual_seed(0)
x = torch.randn(100, 6)
y = (x[:, :2].sum(1) > 0).long()
net = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 2))
opt = torch.optim.SGD(net.parameters(), **cfg["optimizer"])
for _ in range(cfg["epochs"]):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    opt.step()  # coach-also: constant-predictions, dead-relu, loss-plateau, degenerate-activation, vanishing-gradients
