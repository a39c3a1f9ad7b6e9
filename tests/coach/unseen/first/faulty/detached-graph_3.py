import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# multi-task: shared trunk, class head and regression head
torch.manual_seed(12)
trunk = nn.Sequential(nn.Linear(10, 32), nn.ReLU())
cls_head = nn.Linear(32, 4)
reg_head = nn.Linear(32, 1)
params = [*trunk.parameters(), *cls_head.parameters(), *reg_head.parameters()]
opt = torch.optim.Adam(params, lr=3e-3)
x = torch.randn(256, 10)
yc = x[:, :4].argmax(1)
yr = x[:, 4:6].sum(1, keepdim=True)
for step in range(30):
    b = torch.randint(0, 256, (64,))
    z = trunk(x[b])
    l_cls = F.cross_entropy(cls_head(z), yc[b])
    l_reg = F.mse_loss(reg_head(z), yr[b])
    loss = l_cls + 0.5 * l_reg.item()  # coach: detached-graph; fix: 0.5 * l_reg
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0:
        print(step, l_cls.item(), l_reg.item())
# coach-also: unused-parameters, stale-optimizer
