import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Conv1d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 14, 3))
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
signals, kinds = torch.randn(30, 1, 16), torch.randint(0, 3, (30,))
for epoch in range(3):
    for chunk in torch.arange(30).split(10):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(signals[chunk]), kinds[chunk]).backward()
        optimizer.step()
net.eval()
maps = []
for signal, kind in zip(signals[:4], kinds[:4]):
    inp = signal[None].clone().requires_grad_()
    score = nn.functional.cross_entropy(net(inp), kind[None])
    maps.append(torch.autograd.grad(score, inp)[0].abs().squeeze())
    print(score.item())
print(torch.stack(maps).mean(0).tolist()[:3])
