import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
features, task, domain = nn.Linear(6, 16), nn.Linear(16, 2), nn.Linear(16, 2)
opt = torch.optim.Adam([*features.parameters(), *task.parameters()], lr=1e-3)
opt_d = torch.optim.Adam(domain.parameters(), lr=1e-3)
for i in range(40):
    x = torch.randn(64, 6)
    y, d = (x[:, 0] > 0).long(), torch.randint(0, 2, (64,))
    h = torch.relu(features(x))
    loss_d = F.cross_entropy(domain(h.detach()), d)
    opt_d.zero_grad()
    loss_d.backward()
    opt_d.step()
    loss = F.cross_entropy(task(h), y) - 0.1 * F.cross_entropy(domain(h), d)
    opt.zero_grad()
    loss.backward()
    opt.step()
