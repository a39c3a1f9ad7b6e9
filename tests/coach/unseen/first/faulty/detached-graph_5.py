import numpy as np
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# siamese net with contrastive loss, distance computed with numpy by mistake
torch.manual_seed(10)
branch = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4))
scale = nn.Parameter(torch.ones(1))
opt = torch.optim.Adam([*branch.parameters(), scale], lr=1e-2)
def distance(a, b):
    d = np.linalg.norm(a.detach().numpy() - b.detach().numpy(), axis=1)  # coach: detached-graph
    return torch.from_numpy(d)
for i in range(20):
    a = torch.randn(32, 6)
    same = torch.randint(0, 2, (32,)).float()
    b = torch.where(same[:, None] == 1, a + 0.1 * torch.randn(32, 6), torch.randn(32, 6))
    d = distance(branch(a), branch(b)) * scale
    loss = (same * d ** 2 + (1 - same) * F.relu(1 - d) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 5 == 0:
        print(i, loss.item(), scale.item())
# coach-also: unused-parameters, stale-optimizer
