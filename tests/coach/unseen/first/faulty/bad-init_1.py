import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.constant_(m.weight, 0.1)  # coach: bad-init; fix: xavier
        nn.init.zeros_(m.bias)
net = nn.Sequential(nn.Linear(5, 20), nn.ReLU(), nn.Linear(20, 3))
net.apply(init_weights)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(30):
    x = torch.randn(64, 5)
    y = x[:, :3].argmax(1)
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0:
        print(step, loss.item())
# coach-also: loss-plateau, constant-predictions
