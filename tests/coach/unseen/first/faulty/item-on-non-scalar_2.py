import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(103)
m = nn.GRU(2, 8, batch_first=True)
fc = nn.Linear(8, 1)
opt = torch.optim.Adam([*m.parameters(), *fc.parameters()], lr=1e-2)
log = []
for i in range(5):
    x = torch.randn(10, 4, 2)
    y = x.mean((1, 2)).unsqueeze(1)
    err = F.mse_loss(fc(m(x)[1][-1]), y, reduction="none")
    loss = err.mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    log.append(float(err))  # coach: item-on-non-scalar; fix: .mean()
print(log)
