import gradbook as torch
from gradbook import nn

torch.manual_seed(0)


def init(m):
    if isinstance(m, nn.Linear):
        nn.init.uniform_(m.weight, -10, 10)  # coach: bad-init; fix: xavier_uniform_(m.weight)
        nn.init.zeros_(m.bias)


net = nn.Sequential(nn.Linear(20, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1))
net.apply(init)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
x = torch.randn(64, 20)
for i in range(20):
    loss = nn.functional.mse_loss(net(x), x[:, :1])
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: exploding-gradients, suspicious-initial-loss, leak-suspected
