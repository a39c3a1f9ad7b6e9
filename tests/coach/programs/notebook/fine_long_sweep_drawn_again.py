import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(0)
x = torch.rand(40, 3)
y = x.pow(2).sum(1, keepdim=True)
net = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 1))


def draw(layer):
    if isinstance(layer, nn.Linear):
        layer.weight.data.normal_(0.0, 0.5)
        layer.bias.data.fill_(0.0)


results = {}
for decay in (0.0, 1e-3, 1e-2):
    net.apply(draw)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=decay)
    for step in range(150):
        loss = nn.functional.mse_loss(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    results[decay] = loss.item()
print(results)
