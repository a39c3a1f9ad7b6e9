import gradbook as torch
from gradbook import nn

layers = [nn.Linear(8, 32), nn.Tanh()]
for i in range(20):
    layers.append(nn.Linear(32, 32))
    layers.append(nn.Tanh())
model = nn.Sequential(*layers, nn.Linear(32, 1))
for m in model:
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, std=0.05)  # coach: vanishing-gradients; fix: nn.init.xavier_uniform_(m.weight)
opt = torch.optim.SGD(model.parameters(), lr=0.01)
x = torch.randn(64, 8)
y = x[:, :1]
for epoch in range(12):
    loss = nn.functional.mse_loss(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
