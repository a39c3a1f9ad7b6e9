import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(3)

# two-moons-like points
n = 200
angle = torch.rand(n) * 3.1416
upper = torch.rand(n) < 0.5
px = torch.where(upper, torch.cos(angle), 1 - torch.cos(angle))
py = torch.where(upper, torch.sin(angle), 0.5 - torch.sin(angle))
points = torch.stack([px, py], dim=1) + 0.08 * torch.randn(n, 2)
points = (points - points.mean(0)) / points.std(0)
side = upper.float()

net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
solver = torch.optim.LBFGS(net.parameters(), max_iter=8, line_search_fn="strong_wolfe")


def closure():
    logit = net(points).squeeze(1)
    loss = F.binary_cross_entropy_with_logits(logit, side)
    loss.backward()
    solver.zero_grad()  # coach: optimizer-call-order
    return loss


for outer in range(12):
    value = solver.step(closure)  # coach-also: loss-plateau
    if outer % 3 == 0:
        print("outer", outer, "loss", round(value.item(), 5))

with torch.no_grad():
    hits = ((net(points).squeeze(1) > 0) == upper).float().mean()
print("accuracy", hits.item())
