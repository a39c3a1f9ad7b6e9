import gradbook as torch
from gradbook import nn

body = [nn.Linear(12, 48), nn.ReLU()]
for _ in range(6):
    body += [nn.Linear(48, 48), nn.ReLU()]
model = nn.Sequential(*body, nn.Linear(48, 5))
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
x = torch.randn(100, 12)
y = x[:, :5].argmax(1)
for epoch in range(15):
    for i in range(0, 100, 25):
        loss = nn.functional.cross_entropy(model(x[i : i + 25]), y[i : i + 25])
        opt.zero_grad()
        loss.backward()
        opt.step()
