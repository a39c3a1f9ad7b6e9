"""Forward hooks collect activation statistics, a tensor hook watches a gradient; removed at the end. Six steps."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(5, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
stats, grad_norms = {}, []


def make_hook(name):
    def hook(module, inputs, output):
        out = output.detach()
        stats.setdefault(name, []).append((out.mean().item(), out.std().item()))
    return hook


handles = [m.register_forward_hook(make_hook(f"{i}:{type(m).__name__}")) for i, m in enumerate(model)]
handles.append(model[0].weight.register_hook(lambda g: grad_norms.append(g.norm().item())))

x = torch.randn(64, 5)
y = torch.sin(x.sum(1, keepdim=True) / 2)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(6):
    opt.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss.backward()
    opt.step()
    print(step, round(loss.item(), 4))

for h in handles:
    h.remove()
for name, values in stats.items():
    print(f"{name:10s} mean {values[-1][0]:+.3f} std {values[-1][1]:.3f}")
print("gradient norms", [round(g, 4) for g in grad_norms])
