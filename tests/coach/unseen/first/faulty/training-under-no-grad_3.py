import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# style: decorator left over from evaluate(), gradients switched on only for the loss head
torch.manual_seed(107)
backbone = nn.Sequential(nn.Linear(9, 24), nn.ReLU())
head = nn.Linear(24, 3)
opt = torch.optim.Adam([*backbone.parameters(), *head.parameters()], lr=5e-3)
@torch.no_grad()  # coach: training-under-no-grad
def embed(x):
    return backbone(x)
for i in range(30):
    x = torch.randn(48, 9)
    y = x[:, :3].argmax(1)
    loss = F.cross_entropy(head(embed(x)), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 10 == 0: print(i, loss.item())
# coach-also: detached-graph, unused-parameters, stale-optimizer
