import gradbook as torch
from gradbook import nn

layers = []
for i in range(9):
    layers += [nn.Linear(16, 16), nn.Sigmoid()]  # coach: vanishing-gradients; fix: layers += [nn.Linear(16, 16), nn.ReLU()]
model = nn.Sequential(*layers, nn.Linear(16, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(64, 16), torch.randint(0, 2, (64,))
for step in range(10):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
