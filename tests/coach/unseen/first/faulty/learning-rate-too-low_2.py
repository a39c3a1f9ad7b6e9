import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(67)
# regression of a sine; Adam with a microscopic rate
net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
adam = torch.optim.Adam(net.parameters(), lr=1e-8)  # coach: learning-rate-too-low; fix: lr=
hist = []
for i in range(60):
    x = torch.rand(64, 1) * 3.4 - 1.7
    loss = F.mse_loss(net(x), torch.sin(2 * x))
    adam.zero_grad()
    loss.backward()
    adam.step()
    hist.append(loss.item())
print(hist[0], hist[-1])
# coach-also: update-ratio-low, loss-plateau
