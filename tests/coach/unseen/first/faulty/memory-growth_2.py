import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# weight snapshots "for the paper's figure" and activations hooked, never released
torch.manual_seed(106)
net = nn.Sequential(nn.Linear(32, 128), nn.Tanh(), nn.Linear(128, 1))
acts = []
net[1].register_forward_hook(lambda m, i, o: acts.append(o))  # coach: memory-growth
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for i in range(60):
    x = torch.randn(64, 32)
    loss = F.mse_loss(net(x), x[:, :1])
    opt.zero_grad()
    loss.backward()
    opt.step()
print(len(acts), loss.item())
# coach-also: loss-keeps-graph
