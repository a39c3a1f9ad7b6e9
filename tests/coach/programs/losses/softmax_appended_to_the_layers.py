import gradbook as torch
from gradbook import nn


def classifier(sizes):
    layers = []
    for width_in, width_out in zip(sizes, sizes[1:]):
        layers.append(nn.Linear(width_in, width_out))
        layers.append(nn.GELU())
    layers.pop()
    layers.append(nn.Softmax(dim=1))  # coach: softmax-before-cross-entropy; fix: layers.append(nn.Softmax(dim=1))
    return nn.Sequential(*layers)


torch.manual_seed(1)
net = classifier([9, 20, 4])
x, y = torch.randn(80, 9), torch.randint(0, 4, (80,))
optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
for step in range(12):
    loss = nn.functional.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
